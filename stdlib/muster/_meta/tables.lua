---@meta

-- The global tables. Generated from the schema: muster schema --write .

---The machines.
resources = {}

---The machine of this name.
---@async
---@param name string A machine's name.
---@return muster.resource?
function resources.get(name) end

---Like `get`, but returns `nil` and the error instead of raising it.
---@async
---@param name string A machine's name.
---@return muster.resource? result
---@return muster.error? problem
function resources.try_get(name) end

---All machines, by name.
---@async
---@return muster.resource[]
function resources.list() end

---Like `list`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.resource[]? result
---@return muster.error? problem
function resources.try_list() end

---Those of `resources.list()` that fit.
---@async
---@param filter? table<string, any>|fun(resource: muster.resource): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.resource[]
function resources.find(filter) end

---Like `find`, but returns `nil` and the error instead of raising it.
---@async
---@param filter? table<string, any>|fun(resource: muster.resource): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.resource[]? result
---@return muster.error? problem
function resources.try_find(filter) end

---The servers.
servers = {}

---The server of this name.
---@async
---@param name string A server's name.
---@return muster.server?
function servers.get(name) end

---Like `get`, but returns `nil` and the error instead of raising it.
---@async
---@param name string A server's name.
---@return muster.server? result
---@return muster.error? problem
function servers.try_get(name) end

---@class muster.servers.list.options
---@field pool? string Only those of this pool.
---@field looking? boolean With true: only those that should run and have no machine.

---All servers, or some, by priority, highest first.
---@async
---@param options? muster.servers.list.options
---@return muster.server[]
function servers.list(options) end

---Like `list`, but returns `nil` and the error instead of raising it.
---@async
---@param options? muster.servers.list.options
---@return muster.server[]? result
---@return muster.error? problem
function servers.try_list(options) end

---Those of `servers.list()` that fit.
---@async
---@param filter? table<string, any>|fun(server: muster.server): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.server[]
function servers.find(filter) end

---Like `find`, but returns `nil` and the error instead of raising it.
---@async
---@param filter? table<string, any>|fun(server: muster.server): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.server[]? result
---@return muster.error? problem
function servers.try_find(filter) end

---The images.
images = {}

---The image of this name.
---@async
---@param name string An image's name.
---@return muster.image?
function images.get(name) end

---Like `get`, but returns `nil` and the error instead of raising it.
---@async
---@param name string An image's name.
---@return muster.image? result
---@return muster.error? problem
function images.try_get(name) end

---All images, by name.
---@async
---@return muster.image[]
function images.list() end

---Like `list`, but returns `nil` and the error instead of raising it.
---@async
---@return muster.image[]? result
---@return muster.error? problem
function images.try_list() end

---Those of `images.list()` that fit.
---@async
---@param filter? table<string, any>|fun(image: muster.image): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.image[]
function images.find(filter) end

---Like `find`, but returns `nil` and the error instead of raising it.
---@async
---@param filter? table<string, any>|fun(image: muster.image): boolean A table of fields with the values that they must have, or a function that says whether it fits.
---@return muster.image[]? result
---@return muster.error? problem
function images.try_find(filter) end

---What machines boot.
boot = {}

---What it would be told at its next boot.
---@async
---@param resource muster.resource|string The machine.
---@return muster.plan
function boot.plan(resource) end

---Like `plan`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@return muster.plan? result
---@return muster.error? problem
function boot.try_plan(resource) end

---An answer to the question `boot`: run the ramdisk and report, as without an answer.
---@return muster.plan
function boot.discover() end

---An answer to the question `boot`: boot from the machine's own disk.
---@return muster.plan
function boot.disk() end

---The power methods of `resource`, as functions.
ipmi = {}

---Asks its BMC now.
---@async
---@param resource muster.resource|string The machine.
---@return "on"|"off"|"unknown"
function ipmi.power(resource) end

---Like `power`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@return "on"|"off"|"unknown"? result
---@return muster.error? problem
function ipmi.try_power(resource) end

---@class muster.ipmi.on.options
---@field timeout? muster.duration How long to wait until its BMC reads on.

---Switches it on and waits until its BMC reads on.
---@async
---@param resource muster.resource|string The machine.
---@param options? muster.ipmi.on.options
function ipmi.on(resource, options) end

---Like `on`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@param options? muster.ipmi.on.options
---@return nil
---@return muster.error? problem
function ipmi.try_on(resource, options) end

---Switches it off hard and waits until its BMC reads off.
---@async
---@param resource muster.resource|string The machine.
---@return muster.evidence
function ipmi.off(resource) end

---Like `off`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@return muster.evidence? result
---@return muster.error? problem
function ipmi.try_off(resource) end

---Asks its operating system to shut down.
---@async
---@param resource muster.resource|string The machine.
function ipmi.soft_off(resource) end

---Like `soft_off`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@return nil
---@return muster.error? problem
function ipmi.try_soft_off(resource) end

---For its next boot only.
---@async
---@param resource muster.resource|string The machine.
---@param device "pxe"|"disk"|"bios"|"none" What it boots from.
function ipmi.set_boot_device(resource, device) end

---Like `set_boot_device`, but returns `nil` and the error instead of raising it.
---@async
---@param resource muster.resource|string The machine.
---@param device "pxe"|"disk"|"bios"|"none" What it boots from.
---@return nil
---@return muster.error? problem
function ipmi.try_set_boot_device(resource, device) end

---Events.
events = {}

---@class muster.events.emit.options
---@field key? string The same key again is the same event: its number comes back, and nothing else happens.

---Records an event of your own; other hooks may listen for it. Returns its number.
---@async
---@param name muster.event_name A name that begins with `user.`.
---@param data? table<string, any> More facts, plain values by name.
---@param options? muster.events.emit.options
---@return integer
function events.emit(name, data, options) end

---Like `emit`, but returns `nil` and the error instead of raising it.
---@async
---@param name muster.event_name A name that begins with `user.`.
---@param data? table<string, any> More facts, plain values by name.
---@param options? muster.events.emit.options
---@return integer? result
---@return muster.error? problem
function events.try_emit(name, data, options) end

---At the prompt alone: `events.follow("resource.*")` shows events as they happen, while you go on typing, until `events.follow(false)` or Ctrl-C.
---@async
---@param pattern? string|boolean The names to show, with `*` for any characters (default: all); `false` shows none any more.
function events.follow(pattern) end

---Like `follow`, but returns `nil` and the error instead of raising it.
---@async
---@param pattern? string|boolean The names to show, with `*` for any characters (default: all); `false` shows none any more.
---@return nil
---@return muster.error? problem
function events.try_follow(pattern) end

---@class muster.events.wait_for.options
---@field resource? muster.resource|string Only those of this machine.
---@field server? muster.server|string Only those of this server.
---@field timeout? muster.duration How long to wait (default: without end).

---The same as the global `wait_for`.
---@async
---@param event muster.event_name The event's name.
---@param options? muster.events.wait_for.options
---@return muster.event?
function events.wait_for(event, options) end

---Like `wait_for`, but returns `nil` and the error instead of raising it.
---@async
---@param event muster.event_name The event's name.
---@param options? muster.events.wait_for.options
---@return muster.event? result
---@return muster.error? problem
function events.try_wait_for(event, options) end

---The calendar, always in UTC. There is nothing else of Lua's `os`.
os = {}

---Seconds since 1970: of the parts, else of the present, like `now()`.
---@param parts? table `year`, `month`, `day`, and `hour` (12), `min`, `sec`.
---@return integer
function os.time(parts) end

---A time as text.
---@param format? string As of C's strftime; `"*t"` gives a table.
---@param time? number Default: the present.
---@return any
function os.date(format, time) end

---Web addresses. Certificates are verified; at most five redirections are followed, each only to an address that is allowed, and other servers than the first get none of the headers.
http = {}

---@class muster.http.get.options
---@field headers? table<string, string|muster.secret|table> By name; a value is a text, a secret, or a list of them that is joined.
---@field timeout? muster.duration How long all of it may take (default `"30s"`).
---@field most? muster.size How large the answer may be (default `"1M"`).

---Asks an address and returns the answer, whatever its status.
---@async
---@param url string The address; the settings' `allow_http` must have it.
---@param options? muster.http.get.options
---@return muster.response
function http.get(url, options) end

---Like `get`, but returns `nil` and the error instead of raising it.
---@async
---@param url string The address; the settings' `allow_http` must have it.
---@param options? muster.http.get.options
---@return muster.response? result
---@return muster.error? problem
function http.try_get(url, options) end

---@class muster.http.post.options
---@field headers? table<string, string|muster.secret|table> By name; a value is a text, a secret, or a list of them that is joined.
---@field timeout? muster.duration How long all of it may take (default `"30s"`).
---@field most? muster.size How large the answer may be (default `"1M"`).
---@field repeatable? boolean Whether a request in doubt after a crash may be sent again; otherwise the operator is asked.

---Posts to an address and returns the answer, whatever its status.
---@async
---@param url string The address; the settings' `allow_http` must have it.
---@param body? string|table A text, or a table that is sent as JSON.
---@param options? muster.http.post.options
---@return muster.response
function http.post(url, body, options) end

---Like `post`, but returns `nil` and the error instead of raising it.
---@async
---@param url string The address; the settings' `allow_http` must have it.
---@param body? string|table A text, or a table that is sent as JSON.
---@param options? muster.http.post.options
---@return muster.response? result
---@return muster.error? problem
function http.try_post(url, body, options) end

---What machines and servers are busy with.
metrics = {}

---The mean load average for each CPU of the machines on which the servers of a pool run; `nil` while nobody knows. It comes with the heartbeats, and is never older than they are.
---@async
---@param of muster.server|string A pool’s name, or a server.
---@return number?
function metrics.load(of) end

---Like `load`, but returns `nil` and the error instead of raising it.
---@async
---@param of muster.server|string A pool’s name, or a server.
---@return number? result
---@return muster.error? problem
function metrics.try_load(of) end

---@class muster.metrics.prometheus.source
---@field url string Where the metrics are; the settings' `allow_http` must have it.
---@field metric string The name of a counter or gauge.
---@field labels? table<string, string> Only series that have these labels with these values.
---@field headers? table<string, string|muster.secret|table> As of `http.get`.
---@field timeout? muster.duration How long it may take (default `"10s"`).

---Reads a metric from a page in Prometheus' text format, and adds up its series that fit. `metric_failed` when the page cannot be read, has no such series, or one of them is not a finite number.
---@async
---@param source muster.metrics.prometheus.source What to read.
---@return number
function metrics.prometheus(source) end

---Like `prometheus`, but returns `nil` and the error instead of raising it.
---@async
---@param source muster.metrics.prometheus.source What to read.
---@return number? result
---@return muster.error? problem
function metrics.try_prometheus(source) end

---Whether failovers happen.
failovers = {}

---Lets no failover happen for a time, after which they do by themselves. An operator's own disarm stays as it is.
---@async
---@param duration muster.duration How long, at most 30 days.
function failovers.disarm(duration) end

---Like `disarm`, but returns `nil` and the error instead of raising it.
---@async
---@param duration muster.duration How long, at most 30 days.
---@return nil
---@return muster.error? problem
function failovers.try_disarm(duration) end

---Lets failovers happen before the time of a disarm is over. Refused as `wrong_state` when an operator disarmed without an end.
---@async
function failovers.arm() end

---Like `arm`, but returns `nil` and the error instead of raising it.
---@async
---@return nil
---@return muster.error? problem
function failovers.try_arm() end
