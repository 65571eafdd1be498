---@meta

-- The words of fleet.lua. Generated from the schema: muster schema --write .

---@class muster.secret
---@field secret string

---@class muster.fleet.settings.exec_on
---@field allow? string[] The programs, by absolute path.
---@field user string Who logs in.
---@field key string The file with the private key.
---@field known_hosts string The file with the machines' host keys; others are refused.
---@field port? integer The port of their SSH servers (22).

---@class muster.fleet.settings
---@field heartbeat? muster.duration How often machines report (1s).
---@field suspect_after? muster.duration Silence that makes a machine suspect (3s).
---@field failed_after? muster.duration Silence that makes it failed (10s).
---@field quiet_time? muster.duration After an engine start nothing is concluded from silence for so long (15s).
---@field stall_after? muster.duration A gap in the engine's own running that begins the count anew (1.5s).
---@field power_poll? muster.duration How often BMCs are read (10s).
---@field power_poll_urgent? muster.duration The same for machines in question (1s).
---@field fence_timeout? muster.duration How long a rung of a fence ladder, or a power off, may take (60s).
---@field start_timeout? muster.duration How long a machine may take to report after power on (300s).
---@field isolation_count? integer So many silent at once may be the engine's own fault (3).
---@field isolation_share? number … when they are more than this part of all (1/3).
---@field failover_limit? integer Failovers that are under way at once; others wait, by priority (20).
---@field flap_count? integer So many failures of a machine make it one that flaps, and is chosen after all others (3) …
---@field flap_time? muster.duration … when they come within so long; it ends as long after the last one (1h).
---@field step_limit? integer The steps that one run may take (10000).
---@field journal_limit? muster.size As much as one run's journal may hold of arguments and results (16M).
---@field run_limit? integer Runs of one hook that execute at once; those that only wait do not count (200).
---@field queue_limit? integer Runs of one hook that wait in memory; past it, its events wait in the store (1000).
---@field lease_margin? muster.duration How long after a watchdog's timeout its machine is believed to be reset (5s).
---@field dedup_window? muster.duration How long the key of an event is remembered (24h).
---@field keep_events? muster.duration How long events are kept, with claims that are over and evidence that is used up (90d).
---@field keep_runs? muster.duration How long runs that are over are kept, with their journals (30d).
---@field policy_memory? muster.size Memory of one hook file's runs, unless it asks for other `limits` (64M).
---@field policy_memory_most? muster.size As much as it may ask for (256M).
---@field policy_slice? muster.duration Processor time of a run between two steps (50ms).
---@field policy_slice_most? muster.duration As much as a file may ask for (1s).
---@field allow_http? string[] Web addresses that scripts may ask: these and those below them, same scheme, host and port (none).
---@field allow_exec? string[] Programs that they may execute beside the engine, by absolute path (none).
---@field allow_secrets? string[] Secrets that their requests may carry; with a `/` at the end all under it (none).
---@field exec_on? muster.fleet.settings.exec_on Programs that they may execute on machines, by OpenSSH's client (none).

---How the engine watches, and what scripts may do.
---@param fields muster.fleet.settings
function settings(fields) end

---@class muster.fleet.policy

---What a policy is told; its hook says what it reads. Any plain table.
---@param name string
---@return fun(fields: muster.fleet.policy)
function policy(name) end

---@class muster.fleet.boot_network
---@field interface string The engine's network card there.
---@field address string The engine's own address there, with prefix.
---@field files string The folder of vmlinuz, ramdisk.gz, undionly.kpxe, snponly.efi.
---@field range? string Two addresses, for machines that are not declared.
---@field http_port? integer The boot service's port (8080).
---@field kernel_arguments? string More arguments for the machines' kernel.

---The network that machines boot from.
---@param fields muster.fleet.boot_network
function boot_network(fields) end

---@class muster.fleet.host.bmc
---@field address string Where it answers.
---@field user string Who asks.
---@field password? muster.secret `secret "bmc/NAME"`; never in plain text.
---@field port? integer Its port (623).
---@field cipher_suites? integer|integer[] Tried in order ({ 17, 3 }); 0 is refused.
---@field workarounds? string[] libfreeipmi's names.

---@class muster.fleet.host.watchdog
---@field timeout? muster.duration How long it waits for the next acknowledged heartbeat until it resets the machine (30s).
---@field soft? boolean Whether the kernel's `softdog` counts, which is no hardware (false).

---@class muster.fleet.host
---@field mac? string The card that it boots from; this or `macs`.
---@field macs? string[] More cards.
---@field address? string Its address on the boot network.
---@field memory? muster.size Its memory.
---@field cpus? integer Its CPUs (1).
---@field tags? string[] What servers may ask for.
---@field rack? string Where it stands; machines of one rack may fail together.
---@field watts? integer What it draws with a server on it; `status` then says what sleeping machines save.
---@field watts_idle? integer What it draws while it waits (the same).
---@field bmc? muster.fleet.host.bmc How it is switched from afar.
---@field fence? "bmc"|"hypervisor"|"storage"|"lease"|table[] How it is fenced: rungs, tried in order until one has evidence ({ "bmc", "storage" }). A rung is a word, an `agent`, or one of both with a time of its own: `{ "bmc", timeout = "20s" }`.
---@field watchdog? muster.fleet.host.watchdog Its watchdog, armed where `fence` has "lease".

---A physical machine.
---@param name string
---@return fun(fields: muster.fleet.host)
function host(name) end

---@class muster.fleet.vm.watchdog
---@field timeout? muster.duration As of a host.
---@field soft? boolean As of a host.

---@class muster.fleet.vm
---@field hypervisor string The host that it runs on.
---@field mac? string The card that it boots from; this or `macs`.
---@field macs? string[] More cards.
---@field address? string Its address on the boot network.
---@field memory muster.size Its memory, which its hypervisor gives it.
---@field cpus? integer Its CPUs (1).
---@field tags? string[] What servers may ask for.
---@field fence? "hypervisor"|"storage"|"lease"|table[] As of a host ({ "hypervisor", "storage" }).
---@field watchdog? muster.fleet.vm.watchdog As of a host.

---A virtual machine: created by its hypervisor when it is started, it boots from the network as a host does.
---@param name string
---@return fun(fields: muster.fleet.vm)
function vm(name) end

---@class muster.fleet.image
---@field path string Where it lies on the engine's machine.
---@field format? "raw"|"qcow2" How it is stored (raw).

---An operating system on a disk.
---@param name string
---@return fun(fields: muster.fleet.image)
function image(name) end

---@class muster.fleet.server.ready
---@field http? string A URL that answers 200–399.
---@field tcp? string `address:port` that accepts.
---@field timeout? muster.duration How long it may take (120s).

---@class muster.fleet.server
---@field image string The name of its image.
---@field memory? muster.size The memory it needs.
---@field cpus? integer The CPUs it needs (1).
---@field tags? string[] What its machine must have.
---@field priority? integer Higher goes first (0).
---@field prefer? string[] Names and tags of machines that come first.
---@field avoid? string[] Names and tags of machines that come last.
---@field affinity? string[] Servers and pools whose racks it would share.
---@field anti_affinity? string[] Servers and pools whose racks it would rather not share; its own pool is one.
---@field pool? string The group of like servers that it belongs to; see `muster.scaling`.
---@field address? string Its own address, with prefix, which travels with it.
---@field ready? muster.fleet.server.ready When it counts as running; `http` or `tcp`.
---@field target? "running"|"stopped" What it should be when it is declared for the first time; from then on `muster server start` and `stop` decide.

---A workload.
---@param name string
---@return fun(fields: muster.fleet.server)
function server(name) end

---Stands for a secret that `muster secret set NAME` stored.
---@param name string The secret's name.
---@return muster.secret
function secret(name) end

---A rung that has a machine switched off by one of the `fence_*` programs of Debian's `fence-agents`.
---@param program string The program's name, without a path.
---@return fun(options: table<string, any>): table
function agent(program) end
