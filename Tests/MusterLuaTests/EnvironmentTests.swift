import MusterCore
import MusterLua
import Testing

@Suite struct EnvironmentTests {
    @Test func runsShareNothing() throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(
                LuaSource(
                    name: "hook.lua",
                    text: """
                        local calls = 0
                        count = (count or 0) + 1
                        on("event", function() calls = calls + 1 count = count + 1 return calls, count end)
                        """))
            let function = LuaFunction(number: 1)
            for _ in 0..<3 {
                #expect(lua.dispatch(chunk, handler: function, arguments: []).outcome == .returned([1, 2]))
            }
            let first = try #require(lua.load(chunk).strand)
            let second = try #require(lua.load(chunk).strand)
            #expect(lua.call(function, in: first, arguments: []) == .returned([1, 2]))
            #expect(lua.call(function, in: first, arguments: []) == .returned([2, 3]))
            #expect(lua.call(function, in: second, arguments: []) == .returned([1, 2]))
        }
    }

    @Test func undeclaredGlobalsAreRefusedInHandlers() throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(
                LuaSource(name: "hook.lua", text: "declared = 1\non('event', function()\n  declared = 2\n  typo = 3\nend)"))
            guard case .failed(let error) = lua.dispatch(chunk, handler: LuaFunction(number: 1), arguments: []).outcome else {
                Issue.record("the assignment passed")
                return
            }
            #expect(error.code == .script)
            #expect(error.place == "hook.lua:4")
            #expect(error.message.contains("'typo'"))
            #expect(error.hint != nil)
        }
    }

    @Test(arguments: [
        "string.format = nil", "string.extra = 1", "rawset(string, 'format', nil)", "table.insert(string, 1)",
        "setmetatable(string, nil)", "settings.limit = 4", "settings.nested.deep = false", "math.pi = 3",
        "getmetatable('').__index = nil", "rawset(_ENV, 'x', 1)", "setmetatable(_ENV, nil)", "coroutine.wrap = nil",
        "table.sort(table)", "table.move({1}, 1, 1, 1, math)",
    ]) func theLibraryIsReadOnly(script: String) throws {
        let policy = try Policy()
        let error = try policy.failure(script)
        #expect(error?.code == .script || error?.code == .badArgument)
        #expect(
            try policy.values("return ('%d'):format(7), string.format('%s', 1), settings.limit, settings.nested.deep")
                == ["7", "1", 3, true])
    }

    @Test func libraryTablesCanBeRead() throws {
        let values = try Policy().values(
            """
            local names = {}
            for name in pairs(table) do names[#names + 1] = name end
            return names, (next(settings)), settings.nested.deep
            """)
        #expect(values == [["concat", "insert", "move", "pack", "remove", "sort", "unpack"], "limit", true])
    }

    @Test(arguments: [
        "io", "os", "debug", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "package", "_G", "host",
        "string.dump", "print", "warn",
    ]) func harmfulFunctionsAreAbsent(name: String) throws {
        #expect(try Policy().values("return \(name)") == [nil])
    }

    @Test func finalizersAndWeakTablesAreRefused() throws {
        let policy = try Policy()
        #expect(try policy.failure("setmetatable({}, { __gc = function() end })")?.code == .script)
        #expect(try policy.failure("setmetatable({}, { __mode = 'k' })")?.code == .script)
        #expect(try policy.values("return setmetatable({}, { __index = { x = 1 } }).x") == [1])
    }

    /// Set in what is a metatable already, by any way, the mode is a field like others: no collection takes anything out.
    @Test(arguments: [
        "mode.__mode = 'kv'", "rawset(mode, '__mode', 'kv')", "mode[table.concat({ '__', 'mode' })] = 'kv'",
        "setmetatable(mode, { __newindex = function(t, k, v) rawset(t, k, v) end }) mode.__mode = 'kv'",
    ]) func aModeSetLaterMakesNoTableWeak(change: String) throws {
        let policy = try Policy()
        let strand = try #require(
            try policy.start(
                """
                local mode = {}
                local seen = setmetatable({}, mode)
                \(change)
                for number = 1, 100 do seen[{}] = {} seen[number] = {} end
                wait()
                local left = 0
                for number = 1, 100 do if seen[number] then left = left + 1 end end
                return left, mode.__mode
                """
            ).strand)
        try policy.use { lua in
            lua.collectGarbage()
            #expect(lua.resume(strand, with: .success([])) == .returned([100, "kv"]))
        }
    }

    @Test(arguments: [
        ("#!/usr/bin/env muster\nlocal x = nil\nx.y = 1", 3),
        ("--- A hook.\n--- It fails.\nlocal x = nil\nx.y = 1", 4),
        ("\u{FEFF}local x = nil\nx.y = 1", 2),
        ("local x = nil; x.y = 1", 1),
        ("#!shebang only line\nerror('here')", 2),
    ]) func linesStayWhereTheyWere(script: String, line: Int) throws {
        #expect(try Policy().failure(script)?.place == "script.lua:\(line)")
    }

    @Test(arguments: ["#", "", "   ", "--", "-- comment", "#!line", "return", "goto done ::done::"])
    func sourcesWithoutCodeAreFine(script: String) throws {
        #expect(try Policy().values(script) == [])
    }

    @Test func syntaxErrorsHaveTheirPlace() throws {
        let policy = try Policy()
        let error = #expect(throws: MusterError.self) { try policy.start("local x = 1\nif x then") }
        #expect(error?.code == .script)
        #expect(error?.place == "script.lua:2")
        #expect(error?.message.contains("'end' expected") == true)
    }

    @Test func bytecodeIsRefused() throws {
        let policy = try Policy()
        let error = #expect(throws: MusterError.self) { try policy.start("\u{1B}LuaT\u{0}\u{19}") }
        #expect(error?.code == .script)
    }

    @Test func globalsAreNamedInMessages() throws {
        let policy = try Policy()
        #expect(try policy.failure("missing()")?.message == "attempt to call a nil value (global 'missing')")
        #expect(
            try policy.failure("local function f() return missing.field end f()")?.message
                == "attempt to index a nil value (global 'missing')")
    }

    @Test func preludeErrorsAreReported() throws {
        let error = #expect(throws: MusterError.self) {
            _ = try LuaIsolate(preludes: [LuaSource(name: "prelude.lua", text: "\nlocal x = y.z")])
        }
        #expect(error?.code == .script)
        #expect(error?.place == "prelude.lua:2")
        #expect(throws: MusterError.self) {
            _ = try LuaIsolate(
                functions: [.function("fail") { _ throws(MusterError) in throw MusterError("no_way", "no") }],
                preludes: [LuaSource(name: "prelude.lua", text: "host.fail()")])
        }
    }
}
