import MusterLua

/// The words of test files: what a test is, what happens to its fleet, and what became of it.
enum TestPrelude {
    static let sources = [
        LuaSource(name: "=testing", text: helpers + registering + simulation + reading),
        LuaSource(name: "=expect", text: ExpectPrelude.text),
    ]

    /// What all of them are made of.
    private static let helpers = #"""
        local function refuse(message, hint)
          error({ code = "bad_argument", message = message, hint = hint }, 0)
        end

        -- Where the script called the word: so many calls below `error`.
        local function place(level)
          local _, problem = pcall(error, "", level or 4)
          return type(problem) == "table" and problem.place or tostring(problem):match("^(.-:%d+)") or "?"
        end

        local function want(kind, value, call, what, example)
          if type(value) ~= kind then
            refuse(call .. ": " .. what .. " is " .. (value == nil and "missing" or "a " .. type(value)), example)
          end
          return value
        end

        -- A machine or server by its name, or by what `get` returned.
        local function name_of(value, call)
          if type(value) == "table" and type(value.name) == "string" then return value.name end
          return want("string", value, call, "the name", call .. " \"name\"")
        end

        local function on_off(value, call)
          if value == true or value == "on" then return "on" end
          if value == false or value == "off" then return "off" end
          refuse(call .. ": say \"on\" or \"off\"", nil)
        end

        local function text(value) return type(value) == "string" and value or tostring(value) end

        """#

    private static let registering = #"""
        local function only_at_load(call)
          if not host.is_loading() then
            error({ code = "wrong_state", message = call .. " stands in a test", hint = "put it at the file's top level or into describe" }, 0)
          end
        end

        function describe(name, body)
          only_at_load("describe")
          want("string", name, "describe", "the name", "describe(\"…\", function() … end)")
          want("function", body, "describe", "the function", "describe(\"…\", function() … end)")
          host.describe(name)
          body()
          host.end_describe()
        end

        function it(name, body)
          only_at_load("it")
          want("string", name, "it", "the name", "it(\"…\", function() … end)")
          want("function", body, "it", "the function", "it(\"…\", function() … end)")
          host.it(name, place(), body)
        end

        function pending(name, body)
          want("string", name, "pending", "the name", "pending \"…\"")
          if not host.is_loading() then error({ code = "pending", message = name }, 0) end
          host.pending(name, place())
        end

        function before_each(body)
          only_at_load("before_each")
          host.before_each(want("function", body, "before_each", "the function", "before_each(function() … end)"))
        end

        function after_each(body)
          only_at_load("after_each")
          host.after_each(want("function", body, "after_each", "the function", "after_each(function() … end)"))
        end

        local function every_test_anew(name, instead)
          return function()
            error({ code = "bad_argument", message = "there is no " .. name .. ": every test has a file and a fleet of its own",
                    hint = "write " .. instead }, 0)
          end
        end
        setup = every_test_anew("setup", "before_each")
        teardown = every_test_anew("teardown", "after_each")

        -- Said for all tests of a file or a describe, or in one test before its fleet begins.
        local function set(what, ...)
          if host.is_loading() then host.setting(what, place(5), ...) else host.set(what, place(5), ...) end
        end

        function fleet(source)
          set("fleet", want("string", source, "fleet", "the file", "fleet \"fleet.lua\" or fleet [[ host … ]]"))
        end

        function hooks(source)
          if type(source) ~= "table" then want("string", source, "hooks", "the folder", "hooks \"../hooks\" or hooks { \"failover.lua\" }") end
          set("hooks", source)
        end

        local function line(...)
          local parts = table.pack(...)
          for i = 1, parts.n do parts[i] = tostring(parts[i]) end
          host.say(table.concat(parts, "\t"))
        end
        log, print = line, line

        """#

    private static let simulation = #"""
        -- The fleet begins when somebody first asks for it.
        local function begun(call)
          if host.is_loading() then
            error({ code = "top_level", message = call .. ": there is a fleet inside of tests only",
                    hint = "move it into it(…) or before_each(…)" }, 0)
          end
          if not host.has_begun() then host.begin() end
        end

        local function command(call, ...)
          begun(call)
          host.command { ... }
        end

        -- What befalls one machine and says no more than that.
        local function befalls(call, word)
          return function(machine) command(call, word, name_of(machine, call)) end
        end

        local function switches(call, word)
          return function(machine, value)
            local name = name_of(machine, call)
            command(call, word, name, on_off(value, call))
          end
        end

        sim = {
          kill = befalls("sim.kill", "crash"), thaw = befalls("sim.thaw", "thaw"), shutdown = befalls("sim.shutdown", "shutdown"),
          reboot = befalls("sim.reboot", "reboot"), fence = befalls("sim.fence", "fence"),
          power = switches("sim.power", "power"), mains = switches("sim.mains", "mains"), network = switches("sim.network", "network"),
          storage = switches("sim.storage", "storage"), heartbeat = switches("sim.heartbeat", "heartbeat"),
        }

        function sim.seed(number) set("seed", want("number", number, "sim.seed", "the seed", "sim.seed(7)")) end
        function sim.limit(duration) set("limit", duration) end
        function sim.http(pattern, ...)
          set("http", want("string", pattern, "sim.http", "the address", "sim.http(\"https://…/*\", { status = 200, body = \"…\" })"), ...)
        end
        function sim.program(pattern, ...)
          set("program", want("string", pattern, "sim.program", "the path", "sim.program(\"/usr/bin/…\", { code = 0, output = \"…\" })"), ...)
        end

        function sim.command(line)
          begun "sim.command"
          local words = {}
          for word in want("string", line, "sim.command", "the line", "sim.command \"bmc node3 silent\""):gmatch("%S+") do words[#words + 1] = word end
          host.command(words)
        end

        function sim.start() begun "sim.start" end

        function sim.run(duration)
          begun "sim.run"
          host.run(duration)
        end

        function sim.run_until(condition, duration, what)
          want("function", condition, "sim.run_until", "the condition", "sim.run_until(function() return … end, \"5m\")")
          begun "sim.run_until"
          if duration == nil then duration = "10m" end
          local deadline = host.deadline(duration)
          while not condition() do
            if not host.step(deadline) then
              if condition() then return end
              error({ code = "not_reached", message = (what or "the condition of sim.run_until") .. " was not reached within " .. text(duration) }, 0)
            end
          end
        end

        function sim.now() return host.now() end

        function sim.load(machine, number)
          begun "sim.load"
          local name = name_of(machine, "sim.load")
          command("sim.load", "load", host.machine_of(name), text(want("number", number, "sim.load", "the load", "sim.load(\"node1\", 0.9)")))
        end

        function sim.split(...)
          if select("#", ...) == 0 then return command("sim.split", "engine", "split", "on") end
          for _, machine in ipairs { ... } do sim.network(machine, "off") end
        end

        function sim.heal(...)
          if select("#", ...) == 0 then
            command("sim.heal", "engine", "split", "off")
            for _, machine in ipairs(host.without_network()) do sim.network(machine, "on") end
          end
          for _, machine in ipairs { ... } do sim.network(machine, "on") end
        end

        function sim.watchdog(machine, kind) command("sim.watchdog", "watchdog", name_of(machine, "sim.watchdog"), kind) end

        function sim.agent(machine, mood) command("sim.agent", "agent", name_of(machine, "sim.agent"), mood) end

        function sim.hypervisor(machine, mood) command("sim.hypervisor", "hypervisor", name_of(machine, "sim.hypervisor"), mood) end

        function sim.bmc(machine)
          local name = name_of(machine, "sim.bmc")
          local bmc = {}
          for _, mood in ipairs { "ok", "silent", "lie", "refuse", "deceive" } do
            bmc[mood] = function() command("sim.bmc", "bmc", name, mood) return bmc end
          end
          function bmc:network(value) command("sim.bmc", "bmc", name, on_off(value, "sim.bmc(…):network")) return bmc end
          function bmc:delay(duration) command("sim.bmc", "bmc", name, "delay", host.duration(duration)) return bmc end
          function bmc:draws(watts)
            command("sim.bmc", "bmc", name, "draws", text(want("number", watts, "sim.bmc(…):draws", "the draw", "sim.bmc(\"node1\"):draws(120)")))
            return bmc
          end
          function bmc:is(other) command("sim.bmc", "bmc", name, "is", name_of(other, "sim.bmc(…):is")) return bmc end
          return bmc
        end

        local function words_of(fields)
          local words = {}
          for key, value in pairs(fields or {}) do words[#words + 1] = text(key) .. "=" .. text(value) end
          return table.unpack(words)
        end

        function sim.newcomer(name) command("sim.newcomer", "newcomer", name_of(name, "sim.newcomer")) end

        function sim.guest(machine, hypervisor)
          command("sim.guest", "guest", name_of(machine, "sim.guest"), "of", name_of(hypervisor, "sim.guest"))
        end

        function sim.server(which)
          local name = name_of(which, "sim.server")
          local server = {}
          for _, verb in ipairs { "start", "stop", "remove" } do
            server[verb] = function() command("sim.server", "server", name, verb) return server end
          end
          function server:move(to) command("sim.server", "server", name, "move", to and name_of(to, "sim.server.move")) return server end
          function server:add(fields) command("sim.server", "server", name, "add", words_of(fields)) return server end
          return server
        end

        sim.engine = {
          start = function() command("sim.engine.start", "engine", "start") end,
          stop = function() command("sim.engine.stop", "engine", "stop") end,
          crash = function(pause) command("sim.engine.crash", "engine", "crash", pause and host.duration(pause)) end,
          stall = function(length) command("sim.engine.stall", "engine", "stall", host.duration(length)) end,
          network = function(value) command("sim.engine.network", "engine", "network", on_off(value, "sim.engine.network")) end,
          split = function(value) command("sim.engine.split", "engine", "split", on_off(value, "sim.engine.split")) end,
        }

        function sim.confirm_off(machine) command("sim.confirm_off", "fence", name_of(machine, "sim.confirm_off"), "confirm-off") end
        function sim.arm() command("sim.arm", "arm") end
        function sim.disarm(duration) command("sim.disarm", "disarm", duration and host.duration(duration)) end
        function sim.maintenance(machine, value, duration)
          command("sim.maintenance", "maintenance", name_of(machine, "sim.maintenance"), on_off(value, "sim.maintenance"), duration and host.duration(duration))
        end
        function sim.emit(event, data) command("sim.emit", "emit", want("string", event, "sim.emit", "the event", "sim.emit(\"user.…\")"), words_of(data)) end
        function sim.disk_full() command("sim.disk_full", "disk", "full") end
        function sim.disk_free() command("sim.disk_free", "disk", "free") end
        function sim.export_die(server) command("sim.export_die", "export", name_of(server, "sim.export_die"), "die") end

        """#

    private static let reading = #"""
        local function fits(object, filter)
          for key, wanted in pairs(filter or {}) do
            local value = object[key]
            -- A machine or server stands for its name.
            if type(value) == "table" and type(wanted) == "string" then value = value.name or value.code end
            if type(wanted) == "table" and type(value) == "table" then
              if not fits(value, wanted) then return false end
            elseif value ~= wanted then
              return false
            end
          end
          return true
        end

        -- The filter of `events`, `runs` and their like: a name, or a table of fields.
        local function filter_of(filter, main, call)
          if type(filter) == "string" then return { [main] = filter } end
          if filter ~= nil and type(filter) ~= "table" then refuse(call .. ": the filter is a " .. type(filter), call .. " { " .. main .. " = \"…\" }") end
          return filter
        end

        -- What can be looked for before anything is copied here.
        local function texts_of(filter)
          local texts = {}
          for key, value in pairs(filter or {}) do
            if type(value) == "string" then texts[key] = value end
          end
          return texts
        end

        local function collection(call, main, all)
          local list = function(filter)
            begun(call)
            filter = filter_of(filter, main, call)
            local found = {}
            for _, object in ipairs(all(texts_of(filter))) do
              if fits(object, filter) then found[#found + 1] = object end
            end
            return found
          end
          return {
            list = list,
            count = function(filter) return #list(filter) end,
            first = function(filter) return list(filter)[1] end,
            last = function(filter)
              local found = list(filter)
              return found[#found]
            end,
          }
        end

        local function named(call, all)
          local objects = collection(call, "name", all)
          objects.find = objects.list
          function objects.get(name) return objects.first { name = name_of(name, call .. ".get") } end
          return objects
        end

        resources = named("resources", host.resources)
        servers = named("servers", host.servers)
        images = named("images", host.images)
        events = collection("events", "name", host.events)
        runs = collection("runs", "hook", host.runs)
        sim.orders = collection("sim.orders", "resource", host.orders)
        sim.requests = collection("sim.requests", "address", host.requests)
        sim.programs = collection("sim.programs", "program", host.programs)

        function sim.machine(machine)
          begun "sim.machine"
          return host.machine(name_of(machine, "sim.machine"))
        end

        function sim.story()
          begun "sim.story"
          return host.story()
        end

        -- A word that is not there is an error that says which one is.
        local function strict(name, members)
          return setmetatable(members, { __index = function(_, key)
            local names = {}
            for known in pairs(members) do names[#names + 1] = known end
            host.refuse_word(name, tostring(key), names)
          end })
        end
        strict("sim", sim)
        strict("sim.engine", sim.engine)
        for _, name in ipairs { "resources", "servers", "images", "events", "runs" } do strict(name, _ENV[name]) end
        for _, name in ipairs { "orders", "requests", "programs" } do strict("sim." .. name, sim[name]) end

        local function snapshot(members)
          members.__eq = function(a, b) return a.name == b.name end
          members.__tostring = function(self) return self.name end
          return members
        end

        host.class("resource", snapshot { refresh = function(self) return resources.get(self.name) end })
        host.class("server", snapshot { refresh = function(self) return servers.get(self.name) end })
        host.class("image", snapshot {})
        host.class("machine", snapshot {})
        host.class("event", { __tostring = function(self) return self.name .. " #" .. self.id end })
        host.class("claim", { __tostring = function(self) return "claim " .. self.epoch end })
        host.class("run", { __tostring = function(self) return "run " .. self.id .. " of " .. self.hook end })
        """#
}
