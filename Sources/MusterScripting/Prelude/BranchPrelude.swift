/// The part of the library that runs several things at once, and keeps machines for a run.
enum BranchPrelude {
    static let text = #"""
        -- The branches of a group, those with names after those with numbers, and what each is called.
        local function branches_of(call, given)
          if type(given) ~= "table" then refuse(call, "branches", given) end
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
          if type(duration) ~= "string" and type(duration) ~= "number" then refuse("timeout", "duration", duration) end
          if type(body) ~= "function" then refuse("timeout", "body", body) end
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

        function reservation:release()
          local names = self.names
          self.names = nil
          if names then host["reserve.release"](names) end
        end
        -- Shared by all runs, so no script may get hold of it: neither as the metatable nor through __index.
        local reserved = { __name = "reservation", __metatable = false, __index = reservation, __close = reservation.release }

        function reserve(machines, options)
          if type(machines) == "string" or type(machines) == "table" and machines.name then machines = { machines } end
          if type(machines) ~= "table" then refuse("reserve", "machines", machines) end
          local names = {}
          for i, machine in ipairs(machines) do names[i] = type(machine) == "table" and machine.name or machine end
          host.reserve(names, options_of(options, reserve_known, "reserve", "options"))
          return setmetatable({ names = names }, reserved)
        end

        function server:reserve(options)
          local found = host["server.reserve"](want("server", self, "server.reserve"), options_of(options, server_reserve_known, "server.reserve", "options"))
          if found.machine then found.held = setmetatable({ names = { found.machine.name } }, reserved) end
          return found
        end

        """#
}
