import MusterLua

/// The words of `fleet.lua`: each declares one thing and knows its line.
enum FleetPrelude {
    static let source = LuaSource(
        name: "=fleet",
        text: #"""
            local function place()
              local _, problem = pcall(error, "", 4)
              return type(problem) == "table" and problem.place or tostring(problem):match("^(.-:%d+)") or "?"
            end

            local function fields(noun, value)
              if type(value) ~= "table" then
                error({ code = "bad_fleet", message = noun .. " wants a table { … }, not " .. type(value),
                        hint = noun .. " \"name\" { key = value, … }" }, 0)
              end
              return value
            end

            local function named(noun)
              return function(name)
                if type(name) ~= "string" or name == "" then
                  error({ code = "bad_fleet", message = noun .. " wants a name", hint = noun .. " \"name\" { key = value, … }" }, 0)
                end
                -- Said once with the name and once with the table, so that a forgotten table is seen.
                host.declare(noun, name, false, place())
                return function(value) host.declare(noun, name, fields(noun, value), place()) end
              end
            end

            local function single(noun)
              return function(value) host.declare(noun, "", fields(noun, value), place()) end
            end

            _ENV.host = named "host"
            vm = named "vm"
            image = named "image"
            server = named "server"
            policy = named "policy"
            settings = single "settings"
            boot_network = single "boot_network"

            function secret(name)
              if type(name) ~= "string" or name == "" then
                error({ code = "bad_fleet", message = "secret wants a name", hint = "secret \"bmc/node1\"" }, 0)
              end
              return { secret = name }
            end

            function agent(program)
              if type(program) ~= "string" or program == "" then
                error({ code = "bad_fleet", message = "agent wants the name of a program", hint = "agent \"fence_apc_snmp\" { ip = \"10.0.0.9\" }" }, 0)
              end
              -- Without its table it stands for itself, so that the forgotten table is told at its host.
              return setmetatable({ agent = program }, {
                __call = function(_, options) return { agent = program, options = fields("agent", options) } end,
              })
            end
            """#)
}
