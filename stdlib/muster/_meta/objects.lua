---@meta

-- What calls return. Generated from the schema: muster schema --write .

---@alias muster.duration string|number
---@alias muster.size string|number

---A machine that can run a server, as it was when the step that returned it was taken: reading a field never asks the engine, `refresh()` does.
---@class muster.resource
---@field name string Its name in `fleet.lua`, or what it was called when it was found.
---@field kind "host"|"vm" A physical machine, or a virtual one.
---@field state "unknown"|"off"|"starting"|"idle"|"active"|"suspect"|"failed"|"fenced"|"maintenance" What people see; it follows from the other fields.
---@field power "on"|"off"|"unknown" Its last power reading.
---@field liveness "alive"|"silent"|"unknown" Whether heartbeats come.
---@field mode "active"|"maintenance" Whether servers may be placed on it.
---@field assignment "idle"|"claimed" Whether a claim on it is alive.
---@field memory_mib integer Its memory. (MiB)
---@field cpus integer Its CPUs.
---@field tags string[] Its tags in `fleet.lua`.
---@field macs string[] Its network cards that may boot, the first one first.
---@field incarnation integer Grows with each boot, power transition and claim: orders are bound to it.
---@field has_bmc boolean Whether it can be switched from afar.
---@field declared boolean False for one that was found by booting and is in no `fleet.lua`.
---@field address? string Its own address on the boot network.
---@field rack? string Where it stands, as `fleet.lua` says; a virtual machine stands where its hypervisor does.
---@field hypervisor? string The name of the host that a virtual machine runs on.
---@field guests? string[] The names of its virtual machines that are on, or that servers have; nil without any.
---@field server? string The name of the server that has a claim on it.
---@field boot_id? string The boot it reported last.
---@field uuid? string Its DMI UUID, once it reported one.
---@field reserved_by? integer The number of the run that keeps it.
---@field fence_ready? boolean Whether the last check found a rung of its fence ladder that works.
---@field bmc_fault? string Why its BMC, or its hypervisor, could not be asked last time.
---@field flapping? boolean True while it fails again and again: it is chosen after all others.
---@field load? number Its load average of one minute for each CPU, by its last heartbeat; nil while it sends none.
---@field memory_used_mib? integer What is in use of its memory, by its last heartbeat. (MiB)
---@field watts? integer What it draws, as `fleet.lua` says. (W)
---@field watts_idle? integer What it draws while it waits: as its controller measured last, else as `fleet.lua` says. (W)
---@field watts_now? integer What it draws, where its controller measures that: a minute old at most while it is on. (W)
---@field maintenance_until? integer When its maintenance ends by itself. (ms since 1970)
---@field unproven? boolean True after a restore, until it is known what it does.
local resource = {}

---Makes sure that it can touch nothing any more: tries the rungs of its fence ladder, in order, until one has evidence, and
---returns that. When none has, `not_fenced` says why, rung by rung. Refused as `stale` when it booted or came back since the snapshot, as `disarmed` while failovers are disarmed.
---@async
---@return muster.evidence
function resource:fence() end

---Like `fence`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.evidence? result
---@return muster.error? problem
function resource:try_fence() end

---Tries every rung of its fence ladder without harm. The first check that finds none that works raises `fence.unready`, the next one that finds one `fence.ready`.
---@async
---@return table
function resource:check_fence() end

---Like `check_fence`, but returns `nil` and the error instead of raising it.
---@async
---@return table? result
---@return muster.error? problem
function resource:try_check_fence() end

---@class muster.resource.power_on.options
---@field timeout? muster.duration How long to wait until it reads on (default `"60s"`).

---Switches it on and waits until it reads on: by its BMC, by its fence agent when it has no BMC, a virtual machine by its hypervisor, which creates it. Refused as `stale` like `fence`.
---@async
---@param options? muster.resource.power_on.options
function resource:power_on(options) end

---Like `power_on`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.resource.power_on.options
---@return nil
---@return muster.error? problem
function resource:try_power_on(options) end

---Switches it off hard and waits until it reads off, by what switches it on. Refused as `stale` like `fence`, and as `wrong_state` while its virtual machines run servers.
---@async
---@return muster.evidence
function resource:power_off() end

---Like `power_off`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.evidence? result
---@return muster.error? problem
function resource:try_power_off() end

---Asks its operating system to shut down (ACPI). It may not listen: read its power afterwards.
---@async
function resource:shut_down() end

---Like `shut_down`, but returns `nil` and the error instead of raising it.
---@async
---@return nil
---@return muster.error? problem
function resource:try_shut_down() end

---Asks its BMC, its hypervisor or its fence agent now.
---@async
---@return "on"|"off"|"unknown"
function resource:read_power() end

---Like `read_power`, but returns `nil` and the error instead of raising it.
---@async
---@return "on"|"off"|"unknown"? result
---@return muster.error? problem
function resource:try_read_power() end

---For its next boot only.
---@async
---@param device "pxe"|"disk"|"bios"|"none" What it boots from.
function resource:set_boot_device(device) end

---Like `set_boot_device`, but returns `nil` and the error instead of raising it.
---@async
---@param device "pxe"|"disk"|"bios"|"none" What it boots from.
---@return nil
---@return muster.error? problem
function resource:try_set_boot_device(device) end

---@class muster.resource.set_mode.options
---@field duration? muster.duration After so long a maintenance ends by itself (default: never).

---Takes it out of use, or returns it: nothing is placed on a machine in maintenance. Returns a new snapshot.
---@async
---@param mode "maintenance"|"active" Out of use, or in use.
---@param options? muster.resource.set_mode.options
---@return muster.resource
function resource:set_mode(mode, options) end

---Like `set_mode`, but returns `nil` and the error instead of raising it.
---@async
---@param mode "maintenance"|"active" Out of use, or in use.
---@param options? muster.resource.set_mode.options
---@return muster.resource? result
---@return muster.error? problem
function resource:try_set_mode(mode, options) end

---The servers that it has a claim for.
---@async
---@return muster.server[]
function resource:servers() end

---Like `servers`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.server[]? result
---@return muster.error? problem
function resource:try_servers() end

---A new snapshot.
---@async
---@return muster.resource
function resource:refresh() end

---Like `refresh`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.resource? result
---@return muster.error? problem
function resource:try_refresh() end

---A workload with its image, as it was when the step that returned it was taken.
---@class muster.server
---@field name string Its name in `fleet.lua`.
---@field image string The name of its image.
---@field state "stopped"|"placing"|"starting"|"running"|"stopping"|"moving"|"blocked" Where it is on its way.
---@field target "running"|"stopped" What it should be.
---@field priority integer Higher goes first.
---@field memory_mib integer The memory it needs. (MiB)
---@field cpus integer The CPUs it needs.
---@field tags string[] The tags that its machine must have.
---@field pool? string The group of like servers that it belongs to.
---@field address? string Its own address, which travels with it.
---@field resource? string The name of the machine that has its claim.
---@field epoch? integer The number of its claim.
---@field blocked? muster.trouble Why nobody works on bringing it where it should be.
local server = {}

---Gives the machine the right to run the server's image, cuts what an earlier claim left, and opens the export. Refused as `claim_alive` while an earlier claim is alive and there is no evidence against it, as `evidence_void` when that evidence was contradicted.
---@async
---@param resource muster.resource|string The machine that shall run it.
---@return muster.claim
function server:claim(resource) end

---Like `claim`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine that shall run it.
---@return muster.claim? result
---@return muster.error? problem
function server:try_claim(resource) end

---Ends the claim by the evidence that its machine is off, and cuts the export. Returns how it was cut, in words.
---@async
---@return string
function server:release() end

---Like `release`, but returns `nil` and the error instead of raising it.
---@async
---@return string? result
---@return muster.error? problem
function server:try_release() end

---@class muster.server.wait_ready.options
---@field timeout? muster.duration Instead of that of `fleet.lua`.

---Waits until the readiness check of `fleet.lua` passes; then the server is `running`.
---@async
---@param options? muster.server.wait_ready.options
---@return muster.server
function server:wait_ready(options) end

---Like `wait_ready`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.server.wait_ready.options
---@return muster.server? result
---@return muster.error? problem
function server:try_wait_ready(options) end

---Sets its target to running; the hook of `server.wanted` brings it about.
---@async
function server:start() end

---Like `start`, but returns `nil` and the error instead of raising it.
---@async
---@return nil
---@return muster.error? problem
function server:try_start() end

---Sets its target to stopped; the hook of `server.unwanted` brings it about.
---@async
function server:stop() end

---Like `stop`, but returns `nil` and the error instead of raising it.
---@async
---@return nil
---@return muster.error? problem
function server:try_stop() end

---Asks for it to be moved; the hook of `server.move` brings it about. Refused as `wrong_state` when it should not run.
---@async
---@param to? muster.resource|string The machine; nil: whichever suits it best.
function server:move(to) end

---Like `move`, but returns `nil` and the error instead of raising it.
---@async
---@param to? muster.resource|string The machine; nil: whichever suits it best.
---@return nil
---@return muster.error? problem
function server:try_move(to) end

---@class muster.server.candidates.options
---@field except? table Machines that are out of the question: a list of names, or reasons by name.
---@field prefer? string The name of the machine that comes before all others.
---@field avoid? string The name of the one that comes after all others.
---@field looked? boolean Whether the `unseen` of an earlier answer were looked at.
---@field limit? integer How many machines it tells of (8).

---The machines that could run it at this moment, best first: they have what it needs, run nothing, are in use, can be woken and fenced, and are idle or off. `decide("place")` hooks veto and score; then count what `fleet.lua` says it prefers, avoids, and which racks it would share; idle ones come before those that are woken, these before virtual ones that are created, and the smallest that fits first.
---@async
---@param options? muster.server.candidates.options
---@return muster.placement
function server:candidates(options) end

---Like `candidates`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.server.candidates.options
---@return muster.placement? result
---@return muster.error? problem
function server:try_candidates(options) end

---@class muster.server.reserve.options
---@field except? table Machines that are out of the question: a list of names, or reasons by name.
---@field prefer? string The name of the machine that comes before all others.
---@field avoid? string The name of the one that comes after all others.
---@field looked? boolean Whether the `unseen` of an earlier answer were looked at.
---@field priority? integer Runs that keep a machine for less are cancelled when no other is left (0).

---Keeps the best machine that no other run keeps, in one step, so that of many servers that look at once each gets its own: `machine`, and `held`, to be given back. Without a machine `waits` says that there are candidates which others keep, or which servers of higher priority need first: ask again later.
---@async
---@param options? muster.server.reserve.options
---@return muster.placement
function server:reserve(options) end

---Like `reserve`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.server.reserve.options
---@return muster.placement? result
---@return muster.error? problem
function server:try_reserve(options) end

---Why a machine cannot take it now, in words that follow the machine's name; nil when it can.
---@async
---@param resource muster.resource|string The machine.
---@return string?
function server:objection(resource) end

---Like `objection`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@return string? result
---@return muster.error? problem
function server:try_objection(resource) end

---@class muster.server.why_not.options
---@field except? table Reasons against machines, by name, that come before the engine's own.

---Why machines cannot take it, in words: each with its reason in a small fleet, how many of each kind in a large one.
---@async
---@param options? muster.server.why_not.options
---@return string
function server:why_not(options) end

---Like `why_not`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.server.why_not.options
---@return string? result
---@return muster.error? problem
function server:try_why_not(options) end

---A new snapshot.
---@async
---@return muster.server
function server:refresh() end

---Like `refresh`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.server? result
---@return muster.error? problem
function server:try_refresh() end

---An operating system on a disk.
---@class muster.image
---@field name string Its name in `fleet.lua`.
---@field path string Where it lies on the engine's machine.
---@field format "raw"|"qcow2" How it is stored.
---@field server? string The name of the server whose claim uses it.
local image = {}

---The right of one machine to run one server's image.
---@class muster.claim
---@field epoch integer Its number, which only grows.
---@field server string The server's name.
---@field image string The image's name.
---@field resource muster.resource The machine, as it is after the claim.
local claim = {}

---The recorded reason to believe that a machine can no longer touch anything.
---@class muster.evidence
---@field id integer Its number.
---@field kind "off"|"revoked"|"expired"|"manual" What it is: its BMC read off, its export is cut, its watchdog ran out, an operator's word.
---@field resource string The machine's name.
---@field epoch? integer The claim it is bound to.
---@field at integer When it was recorded. (ms since 1970)
---@field detail string What was seen, in words.
---@field operatorName? string Whose word it is, for `manual`.
---@field spent boolean Whether it ended a claim already.
---@field voided? string Why it counts no more.
local evidence = {}

---Why a server is blocked.
---@class muster.trouble
---@field reason string What is wrong.
---@field remedy string What to do about it.
---@field since integer Since when. (ms since 1970)
local trouble = {}

---A fact that happened, durable before anyone reacts to it.
---@class muster.event
---@field id integer Its number, which only grows.
---@field name muster.event_name What happened.
---@field at integer When. (ms since 1970)
---@field data table<string, any> More facts; the events' list says which.
---@field resource? muster.resource The machine it is about, with the incarnation it had then.
---@field server? muster.server The server it is about.
---@field state? any What an earlier run of the hook left with `continue_as`.
local event = {}

---What a call that failed raises, and `pcall` and `try_…` return.
---@class muster.error
---@field code string A stable word to compare; see the list of errors.
---@field message string What went wrong.
---@field hint? string What to do about it.
---@field resource? string The machine, server or image concerned.
---@field place? string `file:line` of the script.
---@field traceback? string The calls that led there, innermost first.
local error = {}

---What a machine does at its next boot.
---@class muster.plan
---@field plan "discover"|"image"|"local" Report and wait, run a server's image, or boot its own disk.
---@field server? string The name of the server whose image it runs.
local plan = {}

---Machines that the run keeps; a `<close>` variable gives them back.
---@class muster.reservation
---@field names string[] The machines' names.
local reservation = {}

---Gives them back.
---@async
function reservation:release() end

---Like `release`, but returns `nil` and the error instead of raising it.
---@async
---@return nil
---@return muster.error? problem
function reservation:try_release() end

---What was found for a server.
---@class muster.placement
---@field machines? muster.resource[] The candidates, best first (`candidates`).
---@field machine? muster.resource The machine that is kept now (`reserve`).
---@field held? muster.reservation What gives it back: a `<close>` variable does.
---@field waits? boolean True when there are candidates, and others go first.
---@field refused? table<string, string> What `decide("place")` hooks refused, with their reasons.
---@field unseen? muster.resource[] Machines that fit and that nobody has looked at yet: read their power and ask again; nothing is found before.
local placement = {}

---What a timer's function gets.
---@class muster.tick
---@field number integer The timer's count.
---@field at integer When it was due. (ms since 1970)
local tick = {}

---What a question is about.
---@class muster.request
---@field resource? muster.resource The machine that boots, nil when it is unknown; or the candidate for a server.
---@field server? muster.server The server that wants a machine (`place`).
---@field servers muster.server[] All servers.
---@field resources? muster.resource[] All machines (`boot`).
---@field mac? string The card that the machine boots from (`boot`).
---@field uuid? string Its DMI UUID, when its firmware told it (`boot`).
---@field arch? string The architecture of its boot program, `x86_64` for example (`boot`).
local request = {}

---What a web server answered.
---@class muster.response
---@field status integer Its status (RFC 9110).
---@field headers table<string, string> By lower-case name.
---@field body string Bytes that are not UTF-8 are replaced.
local response = {}

---How a program ended.
---@class muster.result
---@field code integer Its exit status; 128 and the signal's number when a signal ended it.
---@field output string At most 1 MiB.
---@field errors string At most 1 MiB.
---@field cut? boolean True when output or errors were longer.
local result = {}
