import MusterCore
import MusterLua
import Testing

@Suite struct MemoryTests {
    static let hungry = [
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1000) .. i end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "local t = {} while true do t[#t + 1] = function() return t end end",
        "local function f() return 1 + f() end f()",
        "local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end",
        "local t = {} while true do xpcall(function() while true do t[#t + 1] = {} end end, function(e) return e end) end",
        "local t = {} while true do coroutine.resume(coroutine.create(function() while true do t[#t + 1] = {} end end)) end",
        "local t = {} while true do local ok = pcall(coroutine.wrap(function() while true do t[#t + 1] = {} end end)) end",
        """
        local t = {} pcall(function() local x <close> = setmetatable({}, { __close = function() error('other')
        end }) while true do t[#t + 1] = {} end end) while true do end
        """,
        "local t = {} while true do pcall(string.rep, 'x', 1 << 22) t[#t + 1] = ('y'):rep(1 << 20) .. #t end",
        """
        local t = {} for i = 1, 300000 do t[i] = 'text number ' .. i end while true do pcall(table.concat, t)
        t[#t + 1] = ('z'):rep(100000) .. #t end
        """,
        "local t = {} while true do t[#t + 1] = string.format('%s %s', #t, ('x'):rep(1000)) end",
        "local t = {} while true do t[#t + 1] = table.pack(upper(('x'):rep(10000) .. #t)) end",
        "local t = {} while true do local ok, e = pcall(refuse, tostring(#t)) t[#t + 1] = e end",
    ]

    @Test(arguments: hungry) func theCapHoldsAndNothingSwallowsIt(script: String) throws {
        let policy = try Policy(memory: 4 << 20)
        let error = try #require(try policy.failure(script))
        #expect(error.code == .memory)
        try policy.use { lua in
            #expect(lua.memory <= 4 << 20)
            lua.collectGarbage()
            #expect(lua.memory < 1 << 20)
        }
        #expect(try policy.values("local ok, e = pcall(error, 'x') return ok, e, wait(2)") == [false, "x", 2])
    }

    @Test func valuesFromSwiftStrikeTheCapToo() throws {
        let policy = try Policy(memory: 2 << 20)
        let large = Value.array((0..<200_000).map { .string("number \($0)") })
        let long = MusterError(.timeout, String(repeating: "x", count: 3 << 20))
        for answer in [Result<[Value], MusterError>.success([large]), .failure(long)] {
            let started = try policy.start("pcall(wait) pcall(wait)")
            let strand = try #require(started.strand)
            let outcome = try policy.use { $0.resume(strand, with: answer) }
            guard case .failed(let error) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(error.code == .memory)
        }
        try policy.use { lua in
            let chunk = try lua.compile(LuaSource(name: "hook.lua", text: "on('e', function(e) return #e end)"))
            guard case .failed(let error) = lua.dispatch(chunk, handler: LuaFunction(number: 1), event: large).outcome else {
                Issue.record("the cap did not hold")
                return
            }
            #expect(error.code == .memory)
            #expect(lua.dispatch(chunk, handler: LuaFunction(number: 1), arguments: [[1, 2]]).outcome == .returned([2]))
        }
    }

    @Test func compilingStrikesTheCap() throws {
        let policy = try Policy(memory: 2 << 20)
        let source = "return {" + (0..<200_000).map { "'text \($0)'," }.joined() + "}"
        let error = #expect(throws: MusterError.self) { try policy.start(source) }
        #expect(error?.code == .memory)
        #expect(try policy.values("return 1") == [1])
    }

    @Test func aTooSmallIsolateDoesNotOpen() {
        var refused = 0
        for limit in stride(from: 0, through: 60_000, by: 250) {
            do {
                _ = try Policy(memory: limit)
            } catch {
                refused += 1
                #expect((error as? MusterError)?.code == .memory, "\(limit)")
            }
        }
        #expect(refused > 40)
        #expect(refused < 240)
    }

    /// The cap may strike in any call: every limit from too small to enough must give an orderly outcome.
    @Test func anyLimitGivesAnOrderlyOutcome() throws {
        let script = """
            on("event", function(event)
              local seen = {}
              for key in pairs(event) do seen[#seen + 1] = key end
              local co = coroutine.wrap(function(...)
                local x <close> = setmetatable({}, { __close = function() wait("close") end })
                return wait(...)
              end)
              local ok, e = pcall(refuse, event.resource.name)
              table.sort(seen)
              return co("first", { a = 1, b = { 2, 3 } }), tostring(e), string.format("%s %s", event.resource, seen), upper("x")
            end)
            """
        let event: Value = ["name": "resource.failed", "resource": ["$type": "resource", "name": "node1", "id": 7]]
        var outcomes: Set<String> = []
        for limit in stride(from: 10_000, through: 60_000, by: 97) {
            guard let policy = try? Policy(memory: limit) else { continue }
            try policy.use { lua in
                guard let chunk = try? lua.compile(LuaSource(name: "hook.lua", text: script)) else { return }
                var start = lua.dispatch(chunk, handler: LuaFunction(number: 1), arguments: [event])
                while case .yielded(_, let arguments) = start.outcome, let strand = start.strand {
                    start.outcome = lua.resume(strand, with: .success(arguments))
                }
                switch start.outcome {
                case .returned(let values):
                    #expect(values.count == 4)
                    outcomes.insert("returned")
                case .failed(let error):
                    #expect(error.code == .memory, "\(error)")
                    outcomes.insert("failed")
                case .yielded: Issue.record("not resumed")
                }
            }
        }
        #expect(outcomes == ["returned", "failed"])
    }
}
