---@meta

-- The functions that belong to no table. Generated from the schema: muster schema --write .

---@class muster.on.options
---@field key? string The subject by which runs queue: `"resource"`, `"server"`, or a field of the event's data (default: whichever of the two the event has).
---@field name? string A stable name for the hook (default: file name, `#`, number).
---@field retry? integer How often a run that raised is tried again (default 0).
---@field backoff? muster.duration The pause before the first other try; it doubles each time (default `"5s"`).
---@field policy? string The hook rests as long as `fleet.lua` has no `policy "NAME" { … }` of this name: what happens meanwhile is not for it.

---Runs the function for each event of this name, in a run of its own. Belongs at a file's top level.
---@param event muster.event_name The event's name.
---@param options? muster.on.options
---@param handler fun(event: muster.event) What to do.
---@overload fun(event: muster.event_name, handler: fun(event: muster.event))
function on(event, options, handler) end

---@class muster.every.options
---@field key? string The subject by which runs queue: `"resource"`, `"server"`, or a field of the event's data (default: whichever of the two the event has).
---@field name? string A stable name for the hook (default: file name, `#`, number).
---@field retry? integer How often a run that raised is tried again (default 0).
---@field backoff? muster.duration The pause before the first other try; it doubles each time (default `"5s"`).
---@field policy? string The hook rests as long as `fleet.lua` has no `policy "NAME" { … }` of this name: what happens meanwhile is not for it.
---@field at? string A time of day in UTC, `"02:30"`, from which the intervals count; what passed while the engine was down is made up for once.

---Runs the function every so often. A tick whose predecessor still runs is left out. Belongs at a file's top level.
---@param interval muster.duration At least 100 ms.
---@param options? muster.every.options
---@param handler fun(tick: muster.tick) What to do.
---@overload fun(interval: muster.duration, handler: fun(tick: muster.tick))
function every(interval, options, handler) end

---Declares what a hook file may touch beyond looking, waiting and telling. Belongs at its top level.
---@param capabilities ("power"|"storage"|"servers"|"http"|"exec")[] What the file's hooks may do.
function needs(capabilities) end

---@class muster.decide.options
---@field name? string A stable name for the hook (default: file name, `#`, number).

---Answers a question at once, without steps and within 50 ms of processor time, from a snapshot. Without an answer Muster's own holds. Belongs at a file's top level.
---@param question "boot"|"place" What is asked.
---@param options? muster.decide.options
---@param handler fun(request: muster.request): any The answer.
---@overload fun(question: "boot"|"place", handler: fun(request: muster.request): any)
function decide(question, options, handler) end

---@class muster.limits.limits
---@field memory? muster.size Bytes of memory, for all its runs together.
---@field slice? muster.duration Processor time between two steps.

---Asks for other limits than the settings' `policy_memory` and `policy_slice`, up to `policy_memory_most` and `policy_slice_most`. Belongs at a hook file's top level.
---@param limits muster.limits.limits What the file wants instead of the operator's defaults.
function limits(limits) end

---Parks the run, also over an engine restart.
---@async
---@param duration muster.duration How long.
function sleep(duration) end

---@class muster.wait_for.options
---@field resource? muster.resource|string Only those of this machine.
---@field server? muster.server|string Only those of this server.
---@field timeout? muster.duration How long to wait (default: without end).

---Parks the run until such an event happens and returns it; `nil` when the time is over.
---@async
---@param event muster.event_name The event's name.
---@param options? muster.wait_for.options
---@return muster.event?
function wait_for(event, options) end

---Seconds since 1970, the same again in a replay.
---@async
---@return integer
function now() end

---Runs the branches side by side, waits for all, and returns what each returned by its key. The first error cancels the others, waits for their undo, and is raised.
---@async
---@param branches table<string, fun()> Functions, with or without names.
---@return table
function all(branches) end

---Returns the key of the branch that ended first and what it returned; the others are cancelled, and have undone what they undo when it returns.
---@async
---@param branches table<string, fun()> Functions, with or without names.
---@return any
function race(branches) end

---What the function returns, or the error `timeout`.
---@async
---@param duration muster.duration How long it may take.
---@param body fun() What to do.
---@return any
function timeout(duration, body) end

---@class muster.ask.options
---@field answers? string[] What may be answered (default: any text).
---@field timeout? muster.duration How long to wait (default: without end).

---Parks the run until an operator answers (`muster runs answer ID TEXT`) and returns the answer; `nil` when the time is over.
---@async
---@param question string What to ask.
---@param options? muster.ask.options
---@return string?
function ask(question, options) end

---@class muster.reserve.options
---@field timeout? muster.duration How long to wait for them (default: without end).
---@field priority? integer A run that asks with a higher one has the holder cancelled (default 0).

---Keeps machines for this run: all of them or none. Orders of other runs to them are refused as `reserved`. Given back at the end of the block, or with the run.
---@async
---@param machines muster.resource|string|muster.resource|string[] One machine, or a list of them.
---@param options? muster.reserve.options
---@return muster.reservation
function reserve(machines, options) end

---When this run is over, another begins for the same event, with the hook's newest code: a loop without end and without an endless journal.
---@async
---@param state? any What the next run finds in `event.state`.
function continue_as(state) end

---A line in the run's story (`muster runs show ID`).
---@async
---@param ... any What to say; values of any type.
function log(...) end

---The same as `log`.
---@async
---@param ... any What to say; values of any type.
function print(...) end

---What `fleet.lua` says by `policy "NAME" { … }`; `nil` when it says nothing.
---@async
---@param name string The name.
---@return table?
function policy(name) end

---Keeps something for later runs of the same hook, over engine restarts: at most 64 KiB for one hook. Refused as `wrong_state` in a script and at the prompt, which have no later runs.
---@async
---@param key string Any text.
---@param value? any A plain value; `nil` forgets it.
function remember(key, value) end

---What an earlier run of the same hook kept.
---@async
---@param key string The text.
---@return any?
function recall(key) end

---Executes a program without a shell and returns how it ended, whatever its code. The settings' `allow_exec` or, on a machine, `exec_on` must have it. It gets nothing of the engine's environment, and is killed at its timeout with all that it started.
---@async
---@param command table The program's absolute path and its arguments, and by name: `input` (text for it), `timeout` (default `"30s"`), `on` (the machine to execute it on; default: beside the engine), `repeatable` (whether it may be executed again when a crash left it in doubt; otherwise the operator is asked).
---@return muster.result
function exec(command) end

---Stands for a secret that `muster secret set NAME` stored.
---@param name string The secret's name.
---@return muster.secret
function secret(name) end

---What something is and does, to read at the prompt.
---@param topic? any A function, a table, a snapshot, or a name as text.
---@return any
function help(topic) end
