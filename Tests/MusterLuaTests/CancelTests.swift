import MusterCore
import MusterLua
import Testing

@Suite struct CancelTests {
    static let stop = MusterError(.cancelled, "stopped by ana")

    /// Starts a script, which waits, and cancels it; answers the effects of its closing handlers with their arguments.
    private func cancel(_ script: String, with error: MusterError = stop) throws -> (LuaOutcome, [[Value]]) {
        let policy = try Policy()
        let started = try policy.start(script)
        let strand = try #require(started.strand, "\(started.outcome)")
        return try policy.use { lua in
            var seen: [[Value]] = []
            var outcome = lua.cancel(strand, with: error)
            while case .yielded(_, let arguments) = outcome {
                seen.append(arguments)
                outcome = lua.resume(strand, with: .success(arguments))
            }
            return (outcome, seen)
        }
    }

    private func code(_ outcome: LuaOutcome) -> MusterError.Code? {
        if case .failed(let error) = outcome { error.code } else { nil }
    }

    @Test(arguments: [
        "wait()",
        "pcall(wait) pcall(wait)",
        "while true do pcall(wait) end",
        "xpcall(wait, function(e) return 'handled' end) wait()",
        "while true do xpcall(function() wait() end, function() wait() end) end",
        "coroutine.wrap(function() pcall(wait) end)() wait()",
        "coroutine.resume(coroutine.create(wait)) wait()",
        """
        local co = coroutine.create(function() coroutine.wrap(function() pcall(wait) wait() end)() end)
        pcall(coroutine.resume, co) wait()
        """,
        "pcall(function() local x <close> = setmetatable({}, { __close = function() error('other') end }) wait() end) wait()",
        """
        pcall(function() local x <close> = setmetatable({}, { __close = function() error({ code = 'x' }) end })
        pcall(wait) end) wait()
        """,
        "local x <close> = setmetatable({}, { __close = function(_, e) error(e, 0) end }) wait()",
        """
        setmetatable({}, { __index = function() wait() end }).x = 1 pcall(function() return setmetatable({}, {
        __index = function() wait() end }).x end) wait()
        """,
    ]) func nothingSwallowsIt(script: String) throws {
        let (outcome, seen) = try cancel(script)
        #expect(code(outcome) == .cancelled)
        #expect(seen.isEmpty)
    }

    @Test(arguments: [MusterError.Code.cancelled, .diverged, .budget, "anything"])
    func theErrorIsKept(code: MusterError.Code) throws {
        let given = MusterError(code, "stopped", hint: "none", subject: "node1")
        let (outcome, _) = try cancel("\npcall(wait) wait()", with: given)
        guard case .failed(let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.code == code)
        #expect(error.message == "stopped")
        #expect(error.hint == "none")
        #expect(error.subject == "node1")
        #expect(error.place == "script.lua:2")
    }

    @Test func closingHandlersMayCallEffects() throws {
        let (outcome, seen) = try cancel(
            """
            local function undo(name)
              return setmetatable({}, { __close = function(_, e) wait(name, e and e.code) end })
            end
            local a <close> = undo("a")
            pcall(function()
              local b <close> = undo("b")
              coroutine.wrap(function()
                local c <close> = undo("c")
                wait()
              end)()
            end)
            wait("never")
            """)
        #expect(code(outcome) == .cancelled)
        #expect(seen == [["c", "cancelled"], ["b", "cancelled"], ["a", "cancelled"]])
    }

    @Test func handlersMayCatchTheirOwnErrors() throws {
        let (outcome, seen) = try cancel(
            """
            local undo <close> = setmetatable({}, { __close = function(_, e)
              local ok, own = pcall(refuse, "node1")
              wait(ok, own.code)
              local fine, text = coroutine.resume(coroutine.create(function() error("inside", 0) end))
              wait(fine, text)
              wait((pcall(error, e)))
            end })
            wait()
            """)
        #expect(code(outcome) == .cancelled)
        #expect(seen == [[false, "bmc_silent"], [false, "inside"], [false]])
    }

    @Test func finishRunsNothing() throws {
        let policy = try Policy()
        let started = try policy.start(
            "local undo <close> = setmetatable({}, { __close = function() upper('x') wait() end }) wait()")
        let strand = try #require(started.strand)
        try policy.use { lua in
            lua.finish(strand)
            let before = lua.memory
            lua.collectGarbage()
            #expect(lua.memory < before)
        }
        #expect(try policy.values("return 1") == [1])
    }

    @Test func aStrandCanBeUsedAfterAnOrdinaryFailure() throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(LuaSource(name: "prompt", text: "wait() error('x')"))
            let next = try lua.compile(LuaSource(name: "prompt", text: "kept = (kept or 0) + 1 return kept, pcall(error, 'y')"))
            let strand = try #require(lua.execute(chunk, keep: true).strand)
            #expect(code(lua.resume(strand, with: .success([]))) == .script)
            #expect(lua.evaluate(next, in: strand) == .returned([1, false, "y"]))
            _ = lua.evaluate(chunk, in: strand)
            #expect(code(lua.cancel(strand, with: Self.stop)) == .cancelled)
            #expect(lua.evaluate(next, in: strand) == .returned([2, false, "y"]))
            lua.finish(strand)
        }
    }
}
