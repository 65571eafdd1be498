/// `expect(value)` and its matchers, in Lua.
enum ExpectPrelude {
    static let text = showing + comparing + matching + domain

    /// Values as a reader of a failure wants to see them.
    private static let showing = #"""
        local function show(value, depth, seen)
          depth, seen = depth or 0, seen or {}
          if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
          if type(value) ~= "table" then return tostring(value) end
          if type(value.name) == "string" and type(value.state) == "string" then return value.name .. " (" .. value.state .. ")" end
          local text = tostring(value)
          if not text:find("^table") then return text end
          if seen[value] then return "…" end
          if depth > 4 then return "{…}" end
          seen[value] = true
          local parts, length = {}, #value
          for i = 1, length do parts[i] = show(value[i], depth + 1, seen) end
          for key, item in pairs(value) do
            if not (math.type(key) == "integer" and key >= 1 and key <= length) then
              local name = type(key) == "string" and key:match("^[%a_][%w_]*$") and key or "[" .. show(key, depth + 1, seen) .. "]"
              parts[#parts + 1] = name .. " = " .. show(item, depth + 1, seen)
            end
          end
          seen[value] = nil
          if #parts == 0 then return "{}" end
          return "{ " .. table.concat(parts, ", ") .. " }"
        end

        local function fail(expected, got, note)
          local message = "expected " .. expected .. "\n     got " .. got
          if note then message = message .. "\n         " .. note end
          error({ code = "expectation", message = message }, 0)
        end

        """#

    private static let comparing = #"""
        -- Whether two values are alike to any depth; where they first differ otherwise.
        local function alike(a, b, path, seen)
          if a == b then return true end
          if type(a) ~= "table" or type(b) ~= "table" then
            return false, path ~= "" and "they differ at " .. path .. ": " .. show(a) .. " and " .. show(b) or nil
          end
          if seen[a] == b then return true end
          seen[a] = b
          for key, value in pairs(a) do
            local step = path .. (math.type(key) == "integer" and "[" .. key .. "]" or "." .. tostring(key))
            local same, where = alike(value, b[key], step, seen)
            if not same then return false, where end
          end
          for key, value in pairs(b) do
            if a[key] == nil then
              return false, "they differ at " .. path .. (math.type(key) == "integer" and "[" .. key .. "]" or "." .. tostring(key))
                .. ": nil and " .. show(value)
            end
          end
          return true
        end

        -- Whether a table has all fields of another; other values when they are alike.
        local function has(value, part)
          if type(value) ~= "table" or type(part) ~= "table" then return alike(value, part, "", {}) end
          for key, wanted in pairs(part) do
            if not has(value[key], wanted) then return false end
          end
          return true
        end

        """#

    private static let matching = #"""
        local matchers = {}

        -- Each answers whether it fits, what was expected in words, what was there, and a note.
        function matchers.to_be(value, wanted) return value == wanted, "%s" .. show(wanted), show(value) end
        function matchers.to_equal(value, wanted)
          local same, where = alike(value, wanted, "", {})
          return same, "%s" .. show(wanted), show(value), where
        end
        function matchers.to_be_nil(value) return value == nil, "%snil", show(value) end
        function matchers.to_be_true(value) return value == true, "%strue", show(value) end
        function matchers.to_be_false(value) return value == false, "%sfalse", show(value) end
        function matchers.to_be_a(value, kind) return type(value) == kind, "%sa " .. kind, show(value) .. ", a " .. type(value) end

        function matchers.to_contain(value, part)
          local found = false
          if type(value) == "string" then
            found = type(part) == "string" and value:find(part, 1, true) ~= nil
          elseif type(value) == "table" then
            for _, item in ipairs(value) do found = found or has(item, part) end
            found = found or type(part) == "table" and next(part) ~= nil and has(value, part)
          end
          return found, "something that %scontains " .. show(part), show(value)
        end

        function matchers.to_match(value, pattern)
          return type(value) == "string" and value:find(pattern) ~= nil, "a text that %smatches " .. show(pattern), show(value)
        end

        function matchers.to_have_length(value, length)
          local is = (type(value) == "string" or type(value) == "table") and #value
          return is == length, "%sa length of " .. show(length), (is and is .. ": " or "") .. show(value)
        end

        local function number(words, compare)
          return function(value, other)
            if math.type(other) == nil then
              error({ code = "bad_argument", message = "a number is compared with " .. show(other) }, 0)
            end
            return math.type(value) ~= nil and compare(value, other), "a number that is %s" .. words .. " " .. show(other), show(value)
          end
        end
        matchers.to_be_greater_than = number("greater than", function(a, b) return a > b end)
        matchers.to_be_less_than = number("less than", function(a, b) return a < b end)
        matchers.to_be_at_least = number("at least", function(a, b) return a >= b end)
        matchers.to_be_at_most = number("at most", function(a, b) return a <= b end)
        function matchers.to_be_near(value, other, distance)
          return math.type(value) ~= nil and math.abs(value - other) <= distance,
            "a number that is %swithin " .. show(distance) .. " of " .. show(other), show(value)
        end

        local function code_of(problem) return type(problem) == "table" and problem.code or "script_error" end
        local function show_error(problem)
          if type(problem) ~= "table" or not problem.message then return show(problem) end
          return show(problem.message) .. (problem.code and " [" .. problem.code .. "]" or "")
        end
        local function message_of(problem) return type(problem) == "table" and problem.message or tostring(problem) end

        -- `to_raise()`, `to_raise "code or part of the message"`, `to_raise { code = …, message = … }`.
        function matchers.to_raise(body, wanted)
          if type(body) ~= "function" then
            error({ code = "bad_argument", message = "to_raise wants a function", hint = "expect(function() … end):to_raise()" }, 0)
          end
          local done, problem = pcall(body)
          local got = done and "no error" or show_error(problem)
          if wanted == nil then return not done, "it %sto raise an error", got end
          if done then return false, "it %sto raise an error with " .. show(wanted), got end
          if type(wanted) == "string" then
            local fits = code_of(problem) == wanted or message_of(problem):find(wanted, 1, true) ~= nil
            return fits, "it %sto raise an error with " .. show(wanted), got
          end
          local fits = (wanted.code == nil or wanted.code == code_of(problem))
            and (wanted.message == nil or message_of(problem):find(wanted.message, 1, true) ~= nil)
          return fits, "it %sto raise an error like " .. show(wanted), got
        end

        """#

    private static let domain = #"""
        local function name_of(value)
          local name = type(value) == "table" and value.name or value
          if type(name) ~= "string" then
            error({ code = "bad_argument", message = "a server or machine is wanted, not " .. show(value) }, 0)
          end
          return name
        end

        local function server_of(value)
          local name = name_of(value)
          return servers.get(name) or error({ code = "not_found", message = "there is no server \"" .. name .. "\"" }, 0)
        end

        -- A server as it is now, in words.
        local function tell(server)
          local words = server.name .. " is " .. server.state
          if server.resource then words = words .. " on " .. server.resource end
          if server.blocked then words = words .. ": " .. server.blocked.reason end
          return words
        end

        function matchers.to_run_on(value, machine)
          local server = server_of(value)
          return server.state == "running" and server.resource == name_of(machine),
            server.name .. " to %srun on " .. name_of(machine), tell(server)
        end
        function matchers.to_run(value)
          local server = server_of(value)
          return server.state == "running", server.name .. " to %srun", tell(server)
        end
        function matchers.to_be_blocked(value, reason)
          local server = server_of(value)
          local fits = server.blocked ~= nil and (reason == nil or server.blocked.reason:find(reason, 1, true) ~= nil)
          return fits, server.name .. " to %sbe blocked" .. (reason and " with " .. show(reason) or ""), tell(server)
        end
        function matchers.to_be_in_state(value, state)
          local name = name_of(value)
          local object = servers.get(name) or resources.get(name)
          if not object then error({ code = "not_found", message = "there is no server or machine \"" .. name .. "\"" }, 0) end
          return object.state == state, name .. " to %sbe " .. tostring(state), name .. " is " .. object.state
        end

        -- What a machine really is, whatever the engine knows of it.
        local function powered(power)
          return function(value)
            local machine = sim.machine(name_of(value))
            return machine.power == power, "the machine " .. machine.name .. " to %sbe " .. power, "it is " .. machine.power
          end
        end
        matchers.to_be_on, matchers.to_be_off = powered "on", powered "off"

        -- `expect("resource.fenced"):to_have_happened { resource = "node1", times = 2 }`
        function matchers.to_have_happened(name, filter)
          local wanted, times = { name = name }, nil
          for key, value in pairs(filter or {}) do
            if key == "times" then times = value else wanted[key] = value end
          end
          local count = events.count(wanted)
          local expected = name .. " to %shappen" .. (times and " " .. times .. " times" or "")
          if filter and next(filter) then expected = expected .. " " .. show(filter) end
          return times and count == times or not times and count > 0, expected, count == 0 and "it did not" or "it happened " .. count .. " times"
        end

        local function matched(name, isNegated)
          local matcher = matchers[name]
          return function(self, ...)
            local fits, expected, got, note = matcher(rawget(self, 1), ...)
            if fits ~= isNegated then return end
            fail(expected:gsub("%%s", isNegated and "not " or "", 1), got, not isNegated and note or nil)
          end
        end

        local function methods(isNegated)
          local made = {}
          for name in pairs(matchers) do made[name] = matched(name, isNegated) end
          return made
        end

        local function unknown(made)
          return function(_, key)
            if made[key] then return made[key] end
            local names = {}
            for name in pairs(made) do names[#names + 1] = name end
            host.refuse_word("expect(…)", tostring(key), names)
          end
        end
        local positive = { __index = unknown(methods(false)) }
        local negative = { __index = unknown(methods(true)) }

        function expect(value)
          local subject = setmetatable({ value, never = setmetatable({ value }, negative) }, positive)
          return subject
        end
        """#
}
