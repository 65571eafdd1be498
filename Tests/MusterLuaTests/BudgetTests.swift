import MusterCore
import MusterLua
import Testing

@Suite(.serialized) struct BudgetTests {
    /// Scripts that would go on for ever, and most of them try to survive the end of their time.
    static let endless = [
        "while true do end",
        "::again:: goto again",
        "for i = 1, math.huge do end",
        "repeat local x = 1 until false",
        "local function f() return f() end f()",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) while true do end",
        "while true do pcall(pcall, error) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "xpcall(function() while true do end end, function(e) while true do pcall(error, e) end end) while true do end",
        "while true do xpcall(error, function() while true do end end) end",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "string.gsub('abc', '.', function() while true do end end)",
        "local x <close> = setmetatable({}, { __close = function() while true do end end }) while true do end",
        """
        local x <close> = setmetatable({}, { __close = function() pcall(function() while true do end end) while
        true do end end }) error('x')
        """,
        "for i = 1, 100 do local x <close> = setmetatable({}, { __close = function() while true do end end }) end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do coroutine.wrap(function() end)() end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        """
        local function nest(n) if n == 0 then while true do end end pcall(coroutine.wrap(nest), n - 1) while
        true do end end nest(20)
        """,
        """
        local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do
        pcall(function() return t[1] end) end
        """,
        "local t = setmetatable({}, { __eq = function() while true do end end }) return t == setmetatable({}, getmetatable(t))",
        "return #setmetatable({}, { __len = function() while true do end end })",
        "return tostring(setmetatable({}, { __tostring = function() while true do end end }))",
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        "for k in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end",
        "for _ in function() return 1 end do end",
        """
        coroutine.close(coroutine.create(function() end)) local co = coroutine.create(function() local x <close>
        = setmetatable({}, { __close = function() while true do end end }) coroutine.yield() end)
        coroutine.resume(co) coroutine.close(co)
        """,
        "local t = {} while true do t = { t } if false then break end t = {} end",
        "while true do ('x'):rep(1000):gsub('x', 'y') end",
        "require('endless')",
    ]

    private func policy(_ slice: LuaSettings.SliceLimit) throws -> Policy {
        try Policy(slice: slice, modules: ["endless": "while true do end"])
    }

    private func expectBudget(_ policy: Policy, _ script: String) throws {
        let error = try #require(try policy.failure(script))
        #expect(error.code == .budget)
        #expect(error.hint != nil)
        #expect(try policy.values("local ok, e = pcall(error, 'x') return ok, e") == [false, "x"])
    }

    @Test(arguments: endless) func timeEndsAnyLoop(script: String) throws {
        try expectBudget(policy(.processorTime(milliseconds: 20)), script)
    }

    @Test(arguments: endless) func instructionsEndAnyLoop(script: String) throws {
        try expectBudget(policy(.instructions(200_000)), script)
    }

    @Test func instructionBudgetsAreDeterministic() throws {
        var reached: Set<[Value]> = []
        for _ in 0..<5 {
            let policy = try Policy(slice: .instructions(50_000))
            try policy.use { lua in
                let chunk = try lua.compile(
                    LuaSource(
                        name: "count.lua",
                        text: """
                            n = 0 on('e', function() wait() while true do n = n + 1 end end)
                            on('n', function() return n end)
                            """))
                let strand = try #require(lua.load(chunk).strand)
                _ = lua.call(LuaFunction(number: 1), in: strand, arguments: [])
                guard case .failed(let error) = lua.resume(strand, with: .success([])) else {
                    Issue.record("the loop ended")
                    return
                }
                #expect(error.code == .budget)
                #expect(error.place == "count.lua:1")
                guard case .returned(let values) = lua.call(LuaFunction(number: 2), in: strand, arguments: []) else {
                    Issue.record("the run is lost")
                    return
                }
                reached.insert(values)
            }
        }
        #expect(reached.count == 1)
    }

    @Test func everySliceHasItsOwnBudget() throws {
        let policy = try Policy(slice: .instructions(50_000))
        let values = try policy.values("local n = 0 for i = 1, 10 do for j = 1, 3000 do n = n + 1 end wait() end return n")
        #expect(values == [30_000])
    }

    @Test(arguments: [
        "('').rep('', 1 << 60)", "('').rep('', 1 << 60, '')", "table.move({}, 1, 1 << 60, 2)",
        "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1)",
        "table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)",
        "table.sort(setmetatable({}, { __len = function() return 1 << 30 end }), rawequal)",
        "table.concat(setmetatable({}, { __len = function() return 1 << 60 end, __index = type }))",
        "table.concat({}, '', 1, 1 << 60)", "('x'):rep(1 << 40)", "table.unpack({}, 1, 1 << 40)", "select(1 << 60)",
        "string.format('%99999d', 1)", "utf8.char(1 << 60)", "string.pack('z', ('x'):rep(1000))",
    ]) func loopsInsideTheLibraryAreBounded(script: String) throws {
        let policy = try Policy(slice: .processorTime(milliseconds: 2000))
        if let error = try policy.failure(script) { #expect([.script, .badArgument].contains(error.code)) }
    }

    @Test func aHangingLibraryCallIsTornOut() throws {
        let policy = try Policy(slice: .processorTime(milliseconds: 10), stuckAfter: 100)
        let catastrophe = "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')"
        let error = try #require(try policy.failure("pcall(function() \(catastrophe) end)"))
        #expect(error.code == .stuck)
        #expect(try policy.use { $0.isStuck })
        #expect(throws: MusterError.self) { try policy.start("return 1") }
        #expect(try Policy().values("return 1") == [1])
    }
}
