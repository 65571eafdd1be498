---@meta

-- The functions that belong to no table. Generated from the schema: muster schema --write .

---@class muster.on.options
---@field key? "resource"|"server" The subject by which runs queue (default: whichever the event has).
---@field name? string A stable name for the hook (default: file name, `#`, number).

---Runs the function for each event of this name, in a run of its own. Belongs at a file's top level.
---@param event muster.event_name The event's name.
---@param options? muster.on.options
---@param handler fun(event: muster.event) What to do.
---@overload fun(event: muster.event_name, handler: fun(event: muster.event))
function on(event, options, handler) end

---@class muster.every.options
---@field key? "resource"|"server" The subject by which runs queue (default: whichever the event has).
---@field name? string A stable name for the hook (default: file name, `#`, number).

---Runs the function every so often. A tick whose predecessor still runs is left out. Belongs at a file's top level.
---@param interval muster.duration At least 100 ms.
---@param options? muster.every.options
---@param handler fun(tick: integer) What to do.
---@overload fun(interval: muster.duration, handler: fun(tick: integer))
function every(interval, options, handler) end

---Declares what a hook file may touch beyond looking, waiting and telling. Belongs at its top level.
---@param capabilities ("power"|"storage"|"servers"|"http"|"exec")[] What the file's hooks may do.
function needs(capabilities) end

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

---A line in the run's story (`muster runs show ID`).
---@async
---@param ... any What to say; values of any type.
function log(...) end

---The same as `log`.
---@async
---@param ... any What to say; values of any type.
function print(...) end

---What something is and does, to read at the prompt.
---@param topic? any A function, a table, a snapshot, or a name as text.
---@return any
function help(topic) end
