import MusterLua

/// The part of the library that reaches outside: `exec` and `secret`; `http` is generated from the schema.
enum OutsidePrelude {
    static let source = LuaSource(
        name: "=outside",
        text: #"""
            local function wrong(message, hint) error({ code = "bad_argument", message = message, hint = hint }, 0) end

            -- A name that only the engine can look up: a script has nothing else of it.
            local secret_text = {
              __name = "secret",
              __metatable = false,
              __tostring = function(self) return 'secret "' .. self.secret .. '"' end,
              __concat = function()
                wrong("a secret cannot be joined to a text", 'headers = { Authorization = { "Bearer ", secret "webhook/token" } }')
              end,
            }

            function secret(name)
              if type(name) ~= "string" or name == "" then wrong("secret wants a name", 'secret "webhook/token"') end
              return setmetatable({ secret = name }, secret_text)
            end

            function exec(words)
              if type(words) ~= "table" then wrong("exec wants a table", 'exec { "/usr/bin/program", "argument", timeout = "30s" }') end
              local program, options = {}, {}
              for key, value in pairs(words) do
                if type(key) == "number" then program[key] = value else options[key] = value end
              end
              local on = options.on
              if type(on) == "table" and on.name then
                options.on = { name = on.name, incarnation = on.incarnation }
              elseif on ~= nil and type(on) ~= "string" then
                wrong("exec: on is " .. tostring(on) .. ", not a resource", 'on = resources.get("node1")')
              end
              return host.exec(program, options)
            end
            """#)
}
