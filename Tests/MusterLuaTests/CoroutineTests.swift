import MusterCore
import MusterLua
import Testing

@Suite struct CoroutineTests {
    @Test func effectsPassThroughNestedCoroutines() throws {
        let values = try Policy().values(
            """
            local seen = {}
            local outer = coroutine.wrap(function()
              local inner = coroutine.create(function(first)
                seen[#seen + 1] = wait("a" .. first)
                local second = coroutine.yield("inner yields")
                seen[#seen + 1] = wait("b" .. second)
                return "inner ends"
              end)
              local _, text = coroutine.resume(inner, "1")
              coroutine.yield(text)
              seen[#seen + 1] = wait("c")
              _, text = coroutine.resume(inner, "2")
              return text, coroutine.status(inner)
            end)
            local first = outer()
            local second, status = outer()
            return first, second, status, seen
            """)
        #expect(values == ["inner yields", "inner ends", "dead", ["a1", "c", "b2"]])
    }

    @Test func generatorsMayAwait() throws {
        let values = try Policy().values(
            """
            local sum = 0
            for x in coroutine.wrap(function() for i = 1, 5 do coroutine.yield((wait(i))) end end) do sum = sum + x end
            return sum
            """)
        #expect(values == [15])
    }

    @Test func protectedCallsMayAwait() throws {
        let values = try Policy().values(
            """
            local ok, a, b = pcall(function() local x = wait(1) error({ code = "c", message = tostring(x) }) end)
            local meta = setmetatable({}, { __index = function(_, key) return wait(key) end,
              __add = function() return wait(9) end })
            return ok, a.message, meta.field, meta + 1
            """)
        #expect(values == [false, "1", "field", 9])
    }

    @Test(arguments: [
        "table.sort({3, 2, 1}, function(a, b) wait() return a < b end)",
        "string.gsub('abc', '.', function(c) return wait(c) end)",
        "tostring(setmetatable({}, { __tostring = function() return wait() end }))",
        "table.sort({3, 2}, function(a, b) coroutine.wrap(function() wait() end)() return a < b end)",
        "string.gsub('abc', '.', function(c) local ok, e = coroutine.resume(coroutine.create(wait)) error(e) end)",
    ]) func whereLuaCannotYieldIsAnError(script: String) throws {
        let error = try #require(try Policy().failure(script))
        #expect(error.code == .cannotYield)
        #expect(error.place == "script.lua:1")
        #expect(error.hint != nil)
    }

    @Test func yieldingOutsideOfACoroutineIsAnError() throws {
        let policy = try Policy()
        #expect(try policy.failure("coroutine.yield(1)")?.code == .cannotYield)
        #expect(try policy.values("return coroutine.isyieldable(), coroutine.running()") == [false, nil, true])
        #expect(
            try policy.values(
                """
                return coroutine.wrap(function()
                  return coroutine.isyieldable(), select(2, coroutine.running())
                end)()
                """)
                == [true, false])
    }

    @Test func theLibraryBehavesAsInLua() throws {
        let values = try Policy().values(
            """
            local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) error("oops " .. b) end)
            local one = { coroutine.resume(co, 1) }
            local before = coroutine.status(co)
            local two = { coroutine.resume(co, "x") }
            local three = { coroutine.resume(co) }
            local closed = coroutine.create(function()
              local v <close> = setmetatable({}, { __close = function() wait_closed = true end })
              coroutine.yield()
            end)
            coroutine.resume(closed)
            return one, before, two, three, coroutine.status(co), coroutine.close(closed), coroutine.status(closed), wait_closed
            """)
        #expect(
            values == [
                [true, 2], "suspended", [false, "script.lua:1: oops x"], [false, "cannot resume dead coroutine"], "dead", true,
                "dead", true,
            ])
        let error = try #require(try Policy().failure("local co = coroutine.wrap(function() end) co() co()"))
        #expect(error.message == "cannot resume dead coroutine")
    }

    @Test func closingHandlersRunAtAnErrorAndMayAwait() throws {
        let values = try Policy().values(
            """
            local seen = {}
            local function guard(name) return setmetatable({}, { __close = function() seen[#seen + 1] = wait(name) end }) end
            local co = coroutine.create(function()
              local a <close> = guard("a")
              local b <close> = guard("b")
              error("x", 0)
            end)
            local ok, message = coroutine.resume(co)
            do local c <close> = guard("c") end
            return ok, message, seen
            """)
        #expect(values == [false, "x", ["b", "a", "c"]])
    }

    @Test func branchesRunBesideTheirStrand() throws {
        let policy = try Policy()
        let started = try policy.start(
            "shared = 0\nlocal function task(n) return function(x) shared = shared + n return wait(n), x end end\n"
                + "local results = all(task(1), task(2))\nreturn results, shared")
        let main = try #require(started.strand)
        guard case .yielded("all", let arguments) = started.outcome else {
            Issue.record("\(started.outcome)")
            return
        }
        let functions = try #require(arguments.first?.array).compactMap(LuaFunction.init)
        #expect(functions.count == 2)
        try policy.use { lua in
            let branches = functions.map { lua.spawn($0, beside: main, arguments: ["given"]) }
            #expect(branches[0].outcome == .yielded(name: "wait", arguments: [1]))
            #expect(branches[1].outcome == .yielded(name: "wait", arguments: [2]))
            let first = try #require(branches[0].strand)
            let second = try #require(branches[1].strand)
            #expect(lua.resume(second, with: .success(["second"])) == .returned(["second", "given"]))
            #expect(lua.resume(first, with: .success(["first"])) == .returned(["first", "given"]))
            for function in functions { lua.release(function, in: main) }
            guard case .failed(let gone) = lua.spawn(functions[0], beside: main, arguments: []).outcome else {
                Issue.record("a released function ran")
                return
            }
            #expect(gone.code == .notFound)
            #expect(lua.resume(main, with: .success([["first", "second"]])) == .returned([["first", "second"], 3]))
        }
    }

    @Test func aCoroutineThatAwaitsIsLeftAlone() throws {
        let policy = try Policy()
        let started = try policy.start(
            """
            shared = coroutine.create(function() return wait("slow") end)
            local function meddle()
              return coroutine.status(shared), select(2, coroutine.resume(shared)), (pcall(coroutine.close, shared))
            end
            all(function() return coroutine.resume(shared) end, meddle)
            """)
        let main = try #require(started.strand)
        try policy.use { lua in
            let slow = lua.spawn(LuaFunction(number: 1), beside: main, arguments: [])
            #expect(slow.outcome == .yielded(name: "wait", arguments: ["slow"]))
            #expect(
                lua.spawn(LuaFunction(number: 2), beside: main, arguments: []).outcome
                    == .returned(["normal", "cannot resume a coroutine that awaits an effect", false]))
            let strand = try #require(slow.strand)
            #expect(lua.resume(strand, with: .success(["now"])) == .returned([true, "now"]))
        }
    }

    @Test func strandsThatAreOverAreGone() throws {
        let policy = try Policy()
        let started = try policy.start("wait()")
        let strand = try #require(started.strand)
        try policy.use { lua in
            #expect(lua.resume(strand, with: .success([])) == .returned([]))
            for outcome in [
                lua.resume(strand, with: .success([])), lua.call(LuaFunction(number: 1), in: strand, arguments: []),
                lua.cancel(strand, with: MusterError(.cancelled, "stop")),
            ] {
                guard case .failed(let error) = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
                #expect(error.code == .notFound)
            }
            lua.finish(strand)
            #expect(lua.registrations(of: strand).isEmpty)
        }
        let other = try #require(try policy.start("wait()").strand)
        #expect(other != strand)
        try policy.use { lua in
            lua.finish(other)
            guard case .failed(let error) = lua.resume(other, with: .success([])) else {
                Issue.record("a finished strand went on")
                return
            }
            #expect(error.code == .notFound)
        }
    }
}
