import MusterLua

/// The library of hook files and scripts: Muster's objects, over the engine's calls (`host["resource.fence"]`, …).
///
/// What only passes arguments on is generated from the schema; here is what is written in Lua.
enum PolicyPrelude {
    static let source = LuaSource(
        name: "=muster", text: helpers + Bindings.lua + written + BranchPrelude.text + Bindings.twins + Help.lua + sealing)

    /// What the bindings are made of.
    private static let helpers = #"""
        -- Raises what Swift says about an argument that does not fit.
        local function refuse(call, parameter, value)
          local kind = type(value)
          local shown = (kind == "string" or kind == "number" or kind == "boolean") and tostring(value) or nil
          host.refuse(call, parameter, kind, shown)
        end

        -- An order says which incarnation of the machine it was decided for.
        local function reference(value)
          if type(value) == "string" then return { name = value } end
          return { name = value.name, incarnation = value.incarnation }
        end

        -- The object of a method.
        local function want(kind, value, call)
          if type(value) ~= "string" and (type(value) ~= "table" or not value.name) then refuse(call, "self", value) end
          return reference(value)
        end

        local function options_of(options, known, call, parameter)
          if options == nil then return {} end
          if type(options) ~= "table" then refuse(call, parameter, options) end
          for name, value in pairs(options) do
            local fits = known[name]
            if not fits then host.refuse_option(call, parameter, tostring(name)) end
            if not fits(value) then refuse(call, parameter .. "." .. name, value) end
          end
          return options
        end

        -- A step that raises has a twin that returns nil and the error.
        local function with_twins(calls, names)
          for _, name in ipairs(names) do
            local call = calls[name]
            calls["try_" .. name] = function(...)
              local results = table.pack(pcall(call, ...))
              if results[1] then return table.unpack(results, 2, results.n) end
              return nil, results[2]
            end
          end
        end

        """#

    private static let written = #"""
        local function message(...)
          local parts = table.pack(...)
          for i = 1, parts.n do parts[i] = tostring(parts[i]) end
          return table.concat(parts, "\t")
        end

        function log(...) host.log(message(...)) end
        print = log

        function events.follow(pattern)
          if pattern ~= nil and type(pattern) ~= "string" and type(pattern) ~= "boolean" then refuse("events.follow", "pattern", pattern) end
          host.check_pattern(pattern)
          host["events.follow"](pattern)
        end

        function os.time(parts)
          if parts then return host.time_of(parts) end
          return host.now()
        end
        function os.date(format, time) return host.date(format or "%Y-%m-%d %H:%M:%S", time or host.now()) end

        local function finder(collection, call)
          return function(filter)
            if filter ~= nil and type(filter) ~= "table" and type(filter) ~= "function" then refuse(call, "filter", filter) end
            local found = {}
            for _, object in ipairs(collection.list()) do
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

        resources.find = finder(resources, "resources.find")
        servers.find = finder(servers, "servers.find")
        images.find = finder(images, "images.find")

        """#

    /// How snapshots compare and read, and that they get their methods.
    private static let sealing = #"""
        local function named(members)
          members.__eq = function(a, b) return a.name == b.name end
          members.__tostring = function(self) return self.name end
          return members
        end

        host.class("resource", named(resource))
        host.class("server", named(server))
        host.class("image", named {})
        host.class("event", { __tostring = function(self) return self.name .. " #" .. self.id end })
        host.class("claim", { __tostring = function(self) return "claim " .. self.epoch end })
        """#

    /// The registrations of hook files, which know where they were called.
    static let registrations = LuaSource(
        name: "=hooks",
        text: #"""
            local function place()
              local _, problem = pcall(error, "", 4)
              return type(problem) == "table" and problem.place or tostring(problem):match("^(.-:%d+)") or "?"
            end

            local function check(condition, call, parameter, value)
              if condition then return end
              local kind = type(value)
              local shown = (kind == "string" or kind == "number" or kind == "boolean") and tostring(value) or nil
              host.refuse(call, parameter, kind, shown)
            end

            function on(name, options, handler)
              if handler == nil and type(options) ~= "table" then options, handler = {}, options end
              check(type(name) == "string", "on", "event", name)
              check(type(options) == "table", "on", "options", options)
              check(type(handler) == "function", "on", "handler", handler)
              host.on(name, options, handler, place())
            end

            function every(interval, options, handler)
              if handler == nil and type(options) ~= "table" then options, handler = {}, options end
              check(type(interval) == "string" or type(interval) == "number", "every", "interval", interval)
              check(type(options) == "table", "every", "options", options)
              check(type(handler) == "function", "every", "handler", handler)
              host.every(interval, options, handler, place())
            end

            function needs(capabilities)
              check(type(capabilities) == "table", "needs", "capabilities", capabilities)
              host.check_needs(capabilities)
              host.needs(capabilities, place())
            end

            function limits(values)
              host.check_limits(values)
              host.limits(values, place())
            end
            """#)
}
