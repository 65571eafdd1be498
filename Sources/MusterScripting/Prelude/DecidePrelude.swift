import MusterLua

/// The part of the library for questions: `decide`, and what it answers with.
enum DecidePrelude {
    /// After the registrations, whose `place` it has a copy of.
    static let source = LuaSource(
        name: "=decide",
        text: #"""
            local function place()
              local _, problem = pcall(error, "", 4)
              return type(problem) == "table" and problem.place or tostring(problem):match("^(.-:%d+)") or "?"
            end

            local function wrong(message, hint) error({ code = "bad_argument", message = "decide: " .. message, hint = hint }, 0) end

            -- One question is asked for all candidates at once; the handler sees one at a time.
            local function for_each_candidate(handler)
              return function(request)
                local answers = {}
                for index, candidate in ipairs(request.candidates) do
                  local score, reason = handler({ server = request.server, resource = candidate, servers = request.servers })
                  if score == false then
                    answers[index] = { veto = reason == nil and "no reason given" or tostring(reason) }
                  elseif score == nil then
                    answers[index] = {}
                  elseif type(score) == "number" and score - score == 0 then
                    answers[index] = { score = score }
                  else
                    wrong("the answer to \"place\" is " .. tostring(score), "return a number, false and a reason, or nothing")
                  end
                end
                return answers
              end
            end

            function decide(question, options, handler)
              if handler == nil then options, handler = {}, options end
              if type(question) ~= "string" then wrong("the first argument is a question's name", 'decide("boot", function(request) … end)') end
              if type(options) ~= "table" then wrong("the options are a table") end
              if type(handler) ~= "function" then wrong("the last argument is a function(request)") end
              host.decide(question, options, question == "place" and for_each_candidate(handler) or handler, place())
            end

            boot.discover = function() return { plan = "discover" } end
            boot.disk = function() return { plan = "local" } end
            boot["local"] = boot.disk
            """#)
}
