import MusterCore
import MusterLua
import Synchronization
import Testing

@Suite struct IsolateTests {
    private static func isolate(
        milliseconds: Int = 5000, stuckAfter: Int? = nil, onStuck: @escaping @Sendable () -> Void = {}
    ) throws -> LuaIsolate {
        var settings = LuaSettings()
        settings.slice = .processorTime(milliseconds: milliseconds)
        settings.stuckAfterMilliseconds = stuckAfter
        return try LuaIsolate(
            settings, functions: Policy.functions, preludes: [Policy.library], onStuck: onStuck)
    }

    /// Executes text on the isolate's thread.
    private static func execute(_ text: String, in isolate: LuaIsolate) async throws -> LuaOutcome {
        try await isolate.perform { lua in lua.execute(try lua.compile(LuaSource(name: "script.lua", text: text))).outcome }
    }

    @Test func workRunsInOrderOnOneThread() async throws {
        let isolate = try Self.isolate()
        let seen = Mutex<[Int]>([])
        for number in 0..<1000 { isolate.submit { _ in seen.withLock { $0.append(number) } } }
        try await isolate.perform { _ in }
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }

    @Test func strandsAreResumedFromAsyncCode() async throws {
        let isolate = try Self.isolate()
        var start = try await isolate.perform { lua in
            let text = "local n = 0 for i = 1, 100 do n = n + wait(i) end return n"
            return lua.execute(try lua.compile(LuaSource(name: "s.lua", text: text)))
        }
        let strand = try #require(start.strand)
        while case .yielded(_, let arguments) = start.outcome {
            start.outcome = try await isolate.perform { $0.resume(strand, with: .success(arguments)) }
        }
        #expect(start.outcome == .returned([5050]))
    }

    @Test func isolatesWorkBesideEachOther() async throws {
        try await withThrowingTaskGroup(of: LuaOutcome.self) { group in
            for seed in 0..<8 {
                group.addTask {
                    let isolate = try Self.isolate()
                    var last = LuaOutcome.returned([])
                    for _ in 0..<20 {
                        last = try await Self.execute(
                            "local n = 0 for i = 1, 1000 do n = n + i end return n, \(seed)", in: isolate)
                    }
                    return last
                }
            }
            var seen: Set<LuaOutcome> = []
            for try await outcome in group { seen.insert(outcome) }
            #expect(seen == Set((0..<8).map { .returned([500_500, .int($0)]) }))
        }
    }

    @Test func theTimeLimitHoldsOnItsThread() async throws {
        let isolate = try Self.isolate(milliseconds: 20)
        guard case .failed(let error) = try await Self.execute("while true do end", in: isolate) else {
            Issue.record("the loop ended")
            return
        }
        #expect(error.code == .budget)
        #expect(try await Self.execute("return 1", in: isolate) == .returned([1]))
    }

    @Test(arguments: [
        "local function f() return (('x'):gsub('x', f)) end f()",
        "local function f() coroutine.wrap(f)() end f()",
        "local function f() table.sort({ 1, 2 }, f) end f()",
        "local function f() return tostring(setmetatable({}, { __tostring = f })) end f()",
        """
        local t = {} for i = 1, 100 do t = setmetatable({}, { __index = t }) end local s = '' for i = 1, 300 do
        s = s .. '(' end return s:find(s)
        """,
    ]) func nestingInCIsBounded(script: String) async throws {
        guard case .failed(let error) = try await Self.execute(script, in: Self.isolate()) else {
            Issue.record("the recursion ended")
            return
        }
        #expect(error.code == .script || error.code == .memory, "\(error)")
    }

    @Test func errorsOfTheWorkComeBack() async throws {
        let isolate = try Self.isolate()
        let error = await #expect(throws: MusterError.self) {
            try await isolate.perform { try $0.compile(LuaSource(name: "bad.lua", text: "x =")) }
        }
        #expect(error?.place == "bad.lua:1")
    }

    @Test func anAbandonedIsolateRefusesWork() async throws {
        let isolate = try Self.isolate(milliseconds: 3_600_000)
        let running = Mutex(false)
        async let endless = isolate.perform { lua in
            let chunk = try lua.compile(LuaSource(name: "s.lua", text: "while true do end"))
            running.withLock { $0 = true }
            return lua.execute(chunk).outcome
        }
        while !running.withLock({ $0 }) { await Task.yield() }
        async let waiting = isolate.perform { _ in 1 }
        isolate.abandon()
        let late = await #expect(throws: MusterError.self) { try await isolate.perform { _ in 1 } }
        #expect(late?.code == .abandoned)
        guard case .failed(let error) = try await endless else {
            Issue.record("the loop ended")
            return
        }
        #expect(error.code == .budget)
        _ = try? await waiting
    }

    @Test func aStuckIsolateSaysSoAndIsReplaced() async throws {
        let told = Mutex(0)
        let isolate = try Self.isolate(milliseconds: 10, stuckAfter: 100) { told.withLock { $0 += 1 } }
        let catastrophe = "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')"
        guard case .failed(let error) = try await Self.execute(catastrophe, in: isolate) else {
            Issue.record("the search ended")
            return
        }
        #expect(error.code == .stuck)
        let after = await #expect(throws: MusterError.self) { try await Self.execute("return 1", in: isolate) }
        #expect(after?.code == .stuck)
        #expect(told.withLock { $0 } == 1)
        isolate.abandon()
        #expect(try await Self.execute("return 1", in: Self.isolate()) == .returned([1]))
    }

    @Test func isolatesComeAndGo() async throws {
        for _ in 0..<50 {
            let isolate = try Self.isolate()
            isolate.submit { lua in
                guard let lua, let chunk = try? lua.compile(LuaSource(name: "s.lua", text: "wait()")) else { return }
                _ = lua.execute(chunk)
            }
        }
        #expect(try await Self.execute("return 1", in: Self.isolate()) == .returned([1]))
    }
}
