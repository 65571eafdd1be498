import MusterCore
import MusterLua
import Testing

@Suite struct ErrorTests {
    @Test func textsCarryTheirPlace() throws {
        let error = try #require(try Policy().failure("local function f()\n  error('it broke')\nend\n\nf()"))
        #expect(error.code == .script)
        #expect(error.message == "it broke")
        #expect(error.place == "script.lua:2")
        #expect(error.traceback == "script.lua:2: in local 'f'\nscript.lua:5: in main chunk")
    }

    @Test func textsWithoutPositionTakeItFromTheStack() throws {
        let error = try #require(try Policy().failure("\nerror('at 12:30: it broke', 0)"))
        #expect(error.message == "at 12:30: it broke")
        #expect(error.place == "script.lua:2")
    }

    @Test func tablesKeepTheirFields() throws {
        let error = try #require(
            try Policy().failure(
                "error({ code = 'no_room', message = 'nothing fits', hint = 'add a host', resource = { name = 'node1' } })"))
        #expect(error.code == "no_room")
        #expect(error.message == "nothing fits")
        #expect(error.hint == "add a host")
        #expect(error.subject == "node1")
        #expect(error.place == "script.lua:1")
        #expect(error.traceback == "script.lua:1: in main chunk")
    }

    @Test(arguments: [
        ("error()", "(error object is a nil value)"), ("error(nil)", "(error object is a nil value)"),
        ("error(true)", "(error object is a boolean value)"), ("error({})", "(error object is a table: 1)"),
        ("error(setmetatable({}, { __tostring = function() return 'told' end }))", "told"),
        ("error(type)", "(error object is a function value)"), ("error(42)", "42"),
        ("error(setmetatable({}, { __tostring = function() error('again') end }))", "again"),
        ("assert(false)", "assertion failed!"), ("assert(nil, 'asserted')", "asserted"),
    ]) func anyValueIsAnError(script: String, message: String) throws {
        let error = try #require(try Policy().failure(script))
        #expect(error.message.contains(message))
        #expect(error.code == .script)
    }

    @Test func hostErrorsAreObjects() throws {
        let values = try Policy().values(
            """
            local ok, e = pcall(refuse, "node1")
            return ok, e.code, e.message, e.hint, e.resource, tostring(e), "failed: " .. e,
              (pcall(function() refuse("x") end)), select(2, pcall(function()
                refuse("x") end)).place
            """)
        #expect(
            values == [
                false, "bmc_silent", "node1's BMC does not answer", "look at its cable", "node1",
                "script.lua:1: node1's BMC does not answer [bmc_silent]",
                "failed: script.lua:1: node1's BMC does not answer [bmc_silent]", false, "script.lua:4",
            ])
    }

    @Test func rethrownErrorsKeepEverything() throws {
        let error = try #require(
            try Policy().failure(
                """
                local function fence()
                  refuse("node1")
                end
                local ok, e = pcall(fence)
                wait("meanwhile")
                error(e, 0)
                """))
        #expect(error.code == "bmc_silent")
        #expect(error.message == "node1's BMC does not answer")
        #expect(error.hint == "look at its cable")
        #expect(error.subject == "node1")
        #expect(error.place == "script.lua:2")
        #expect(error.traceback?.hasPrefix("script.lua:2: in function <script.lua:1>") == true)
    }

    @Test func effectsFailAtTheirCall() throws {
        let policy = try Policy()
        let started = try policy.start("local ok, e = pcall(wait)\nassert(not ok and e.code == 'timeout')\n\nwait()")
        let strand = try #require(started.strand)
        try policy.use { lua in
            #expect(
                lua.resume(strand, with: .failure(MusterError(.timeout, "too late"))) == .yielded(name: "wait", arguments: []))
            let expected = MusterError(
                .timeout, "again too late", place: "script.lua:4", traceback: "script.lua:4: in main chunk")
            #expect(lua.resume(strand, with: .failure(MusterError(.timeout, "again too late"))) == .failed(expected))
        }
    }

    @Test func tracebacksCrossCoroutinesAndModules() throws {
        let policy = try Policy(modules: ["inner": "local function deep()\n  error('deep down')\nend\ndeep()"])
        let nested = try #require(
            try policy.failure(
                "local f = coroutine.wrap(function()\n  wait()\n  error('inside')\nend)\n\n"
                    + "local function outer()\n  f()\nend\nouter()"))
        #expect(nested.message == "inside")
        #expect(nested.place == "script.lua:3")
        #expect(
            nested.traceback
                == "script.lua:3: in function <script.lua:1>\nscript.lua:7: in local 'outer'\nscript.lua:9: in main chunk")
        let module = try #require(try policy.failure("\nrequire 'inner'"))
        #expect(module.place == "inner.lua:2")
        #expect(
            module.traceback
                == "inner.lua:2: in local 'deep'\ninner.lua:4: in main chunk\nscript.lua:2: in main chunk")
    }

    @Test func tracebacksAreBoundedAndHideTheHost() throws {
        let error = try #require(try Policy().failure("local function f(n) if n == 0 then refuse() end f(n - 1) end f(5000)"))
        #expect(error.place == "script.lua:1")
        let lines = error.traceback?.split(separator: "\n") ?? []
        #expect(lines.count < 30)
        #expect(lines.contains { $0.contains("levels") })
        #expect(lines.allSatisfy { !$0.contains("=library") && !$0.contains("[C]") })
        #expect(lines.last == "script.lua:1: in main chunk")
    }

    @Test func stackOverflowIsAnOrdinaryError() throws {
        // A small frame takes more memory for its bookkeeping than the stack itself; with the usual limit that ends first.
        let policy = try Policy(memory: 256 << 20)
        #expect(try policy.values("local function f() return 1 + f() end return (pcall(f))") == [false])
        #expect(try policy.failure("local function f() return 1 + f() end f()")?.message.contains("stack overflow") == true)
    }

    @Test func handlersOfXpcallSeeTheError() throws {
        #expect(
            try Policy().values(
                "return xpcall(function() refuse('n') end, function(e) return e.code .. '!' end)") == [false, "bmc_silent!"])
        #expect(try Policy().values("return xpcall(function(...) return wait(...) end, type, 1, 2)") == [true, 1, 2])
        #expect(try Policy().values("return (xpcall(error, function(e) error('again') end))") == [false])
    }
}
