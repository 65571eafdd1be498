import MusterLua

/// The library of hook files and scripts: Muster's objects, over the engine's calls (`host["resource.fence"]`, …).
enum PolicyPrelude {
    static let source = LuaSource(
        name: "=muster",
        text: #"""
            local function message(...)
              local parts = table.pack(...)
              for i = 1, parts.n do parts[i] = tostring(parts[i]) end
              return table.concat(parts, "\t")
            end

            function log(...) host.log(message(...)) end
            print = log
            function now() return host.now() end
            function sleep(duration) return host.sleep(duration) end
            os = {
              time = function(parts) if parts then return host.time_of(parts) end return host.now() end,
              date = function(format, time) return host.date(format or "%Y-%m-%d %H:%M:%S", time or host.now()) end,
            }
            function wait_for(name, options) return host.wait_for(name, options or {}) end

            -- The branches of a group, those with names after those with numbers, and what each is called.
            local function branches_of(call, given)
              local keys, functions = {}, {}
              for key, branch in pairs(given) do
                if type(branch) ~= "function" then
                  error({ code = "bad_argument", message = call .. ": " .. tostring(key) .. " is no function",
                          hint = call .. " { function() … end, name = function() … end }" }, 0)
                end
                keys[#keys + 1], functions[#functions + 1] = key, branch
              end
              return keys, functions
            end

            function all(branches)
              local keys, functions = branches_of("all", branches)
              local results = {}
              for i, values in ipairs(host.all(functions)) do results[keys[i]] = values[1] end
              return results
            end

            function race(branches)
              local keys, functions = branches_of("race", branches)
              if #keys == 0 then error({ code = "bad_argument", message = "race: there is nobody to win it" }, 0) end
              local winner, values = host.race(functions)
              return keys[winner], table.unpack(values)
            end

            function timeout(duration, body)
              local results
              local winner = race {
                done = function() results = table.pack(body()) end,
                late = function() sleep(duration) end,
              }
              if winner == "late" then
                error({ code = "timeout", message = "not done within " .. tostring(duration), hint = "give it more time, or look at what it waits for" }, 0)
              end
              return table.unpack(results, 1, results.n)
            end

            function ask(question, options) return host.ask(question, options or {}) end
            function continue_as(state) return host.continue_as(state) end

            local reservation = { __name = "reservation" }
            reservation.__index = reservation
            function reservation:release()
              local names = self.names
              self.names = nil
              if names then host["reserve.release"](names) end
            end
            reservation.__close = reservation.release

            function reserve(machines, options)
              if type(machines) == "table" and machines.name then machines = { machines } end
              local names = {}
              for i, machine in ipairs(machines) do names[i] = type(machine) == "table" and machine.name or machine end
              host.reserve(names, options or {})
              return setmetatable({ names = names }, reservation)
            end

            -- An order says which incarnation of the machine it was decided for.
            local function ref(object) return { name = object.name, incarnation = object.incarnation } end

            local function want(kind, value, call)
              if type(value) == "string" then return { name = value } end
              if type(value) ~= "table" or not value.name then
                error({ code = "bad_argument", message = call .. " wants a " .. kind .. ", not " .. tostring(value),
                        hint = "call it with a colon: " .. kind .. ":" .. call:match("[^.]*$") .. "()" }, 0)
              end
              return ref(value)
            end

            -- Every call that raises has a twin `try_…` that returns nil and the error.
            local function with_try(calls)
              local names = {}
              for name in pairs(calls) do names[#names + 1] = name end
              for _, name in ipairs(names) do
                local call = calls[name]
                if type(call) == "function" and name:sub(1, 2) ~= "__" then
                  calls["try_" .. name] = function(...)
                    local results = table.pack(pcall(call, ...))
                    if results[1] then return table.unpack(results, 2, results.n) end
                    return nil, results[2]
                  end
                end
              end
              return calls
            end

            local function named(members)
              members.__eq = function(a, b) return a.name == b.name end
              members.__tostring = function(self) return self.name end
              return with_try(members)
            end

            local function method(kind, name)
              local call = kind .. "." .. name
              local effect = host[call]
              return function(self, options) return effect(want(kind, self, call), options or {}) end
            end

            local resource = {}
            for _, name in ipairs { "fence", "power_on", "power_off", "shut_down", "read_power", "servers", "refresh" } do
              resource[name] = method("resource", name)
            end
            function resource:set_boot_device(device)
              return host["resource.set_boot_device"](want("resource", self, "resource.set_boot_device"), device)
            end
            function resource:set_mode(mode)
              return host["resource.set_mode"](want("resource", self, "resource.set_mode"), mode)
            end
            host.class("resource", named(resource))

            local server = {}
            for _, name in ipairs { "release", "wait_ready", "start", "stop", "refresh" } do server[name] = method("server", name) end
            function server:claim(target)
              return host["server.claim"](want("server", self, "server.claim"), want("resource", target, "server.claim"))
            end
            host.class("server", named(server))
            host.class("image", named {})
            host.class("event", { __tostring = function(self) return self.name .. " #" .. self.id end })
            host.class("claim", { __tostring = function(self) return "claim " .. self.epoch end })

            local function finder(list)
              return function(filter)
                local found = {}
                for _, object in ipairs(list()) do
                  local fits = true
                  if type(filter) == "function" then
                    fits = filter(object)
                  else
                    for field, value in pairs(filter or {}) do
                      if object[field] ~= value then fits = false end
                    end
                  end
                  if fits then found[#found + 1] = object end
                end
                return found
              end
            end

            local function collection(plural)
              local list = function() return host[plural .. ".list"]() end
              return {
                get = function(name) return host[plural .. ".get"](name) end,
                list = list,
                find = finder(list),
              }
            end

            resources = collection "resources"
            servers = collection "servers"
            images = collection "images"

            boot = with_try {
              plan = function(target) return host["boot.plan"](want("resource", target, "boot.plan")) end,
            }

            ipmi = with_try {
              power = function(target) return resource.read_power(target) end,
              on = function(target, options) return resource.power_on(target, options) end,
              off = function(target, options) return resource.power_off(target, options) end,
              soft_off = function(target) return resource.shut_down(target) end,
              set_boot_device = function(target, device) return resource.set_boot_device(target, device) end,
            }

            events = {
              emit = function(name, data, options) return host["events.emit"](name, data or {}, options or {}) end,
              wait_for = wait_for,
            }
            """#)

    /// The registrations of hook files, which know where they were called.
    static let registrations = LuaSource(
        name: "=hooks",
        text: #"""
            local function place()
              local _, problem = pcall(error, "", 4)
              return type(problem) == "table" and problem.place or tostring(problem):match("^(.-:%d+)") or "?"
            end

            local function check(condition, call, message)
              if not condition then error({ code = "bad_argument", message = call .. ": " .. message }, 0) end
            end

            function on(name, options, handler)
              if handler == nil then options, handler = {}, options end
              check(type(name) == "string", "on", "the first argument is an event's name")
              check(type(options) == "table", "on", "the options are a table")
              check(type(handler) == "function", "on", "the last argument is a function(event)")
              host.on(name, options, handler, place())
            end

            function every(interval, options, handler)
              if handler == nil then options, handler = {}, options end
              check(type(interval) == "string" or type(interval) == "number", "every", "the first argument is a duration")
              check(type(handler) == "function", "every", "the last argument is a function()")
              host.every(interval, options, handler, place())
            end
            """#)
}
