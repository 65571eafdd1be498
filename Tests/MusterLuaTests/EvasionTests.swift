import MusterCore
import MusterLua
import Testing

/// Ways out of the sandbox that scripts might try, beyond endless loops (`BudgetTests`) and memory (`MemoryTests`).
@Suite(.serialized) struct EvasionTests {
    private static let catastrophe = "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')"

    /// Calls that stay in C for ages, where no hook ends them: alone, and inside everything that a script can put around them.
    @Test(arguments: [
        "string.match(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
        "for _ in string.gmatch(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b') do end",
        "string.gsub(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b', '')", "string.find(('a'):rep(60), ('.-'):rep(30) .. 'b')",
        "string.find(('a'):rep(1 << 24), ('a'):rep(1 << 23) .. 'b', 1, true)", "coroutine.wrap(function() \(catastrophe) end)()",
        "pcall(coroutine.wrap(function() pcall(function() \(catastrophe) end) end))", "xpcall(error, function() \(catastrophe) end)",
        "local x <close> = setmetatable({}, { __close = function() \(catastrophe) end })",
        "table.sort({ 2, 1 }, function() return \(catastrophe) end)",
        "tostring(setmetatable({}, { __tostring = function() return \(catastrophe) end }))",
        "local x <close> = setmetatable({}, { __close = function() \(catastrophe) end }) error('x')",
    ]) func aCallThatHangsIsTornOut(_ script: String) throws {
        let policy = try Policy(slice: .processorTime(milliseconds: 10), stuckAfter: 150)
        let error = try #require(try policy.failure(script))
        #expect(error.code == .stuck || error.code == .budget, "\(error)")
        #expect(try policy.use { $0.isStuck } || error.code == .budget)
    }

    @Test(arguments: [
        // Set once the table has it, so that setmetatable sees nothing of it.
        "local mt = {} local t = setmetatable({}, mt) mt.__gc = function() leaked = true end t = nil",
        "local mt = setmetatable({}, { __index = { __gc = function() leaked = true end } }) local t = setmetatable({}, mt) t = nil",
    ]) func noFinalizerRuns(_ script: String) throws {
        let policy = try Policy()
        let values = try policy.values("leaked = false \(script) for i = 1, 20000 do local x = { {} } end return leaked")
        #expect(values == [false])
        try policy.use { $0.collectGarbage() }
        #expect(try policy.values("return leaked") == [nil])
    }

    @Test(arguments: ["io", "os", "debug", "string", "package", "_G", "coroutine", "./script", "/etc/passwd", "..lib", "", "lib\0x"])
    func requireFindsNothingOfTheSystem(_ name: String) throws {
        let error = try #require(
            try Policy().failure("require(\(MusterCore.Value.string(name).json.replacingOccurrences("\\u00", "\\x")))"))
        #expect(error.code == .notFound, "\(error)")
    }

    @Test(arguments: [
        "os.execute('true')", "io.open('/etc/passwd')", "package.loadlib('libc.so.6', '*')", "load('return 1')",
        "load(string.char(27) .. 'Lua')", "dofile('/etc/passwd')",
        "debug.getregistry()", "debug.sethook()", "string.dump(print)", "collectgarbage('stop')", "loadstring('')", "getfenv()",
        "setfenv(1, {})", "_G.print()", "newproxy()",
        "host.wait()", "coroutine.wrap(debug.traceback)()", "(function() return _ENV.io.open end)()", "require('string').dump(type)",
    ]) func whatIsNotThereCannotBeCalled(_ call: String) throws {
        let error = try #require(try Policy().failure(call))
        #expect([.script, .notFound, .badArgument].contains(error.code), "\(error)")
    }

    /// Everything that a script can reach from a value: its fields, its metatable, and theirs.
    private static let spoil = """
        local seen = {}
        local function spoil(value, depth)
          if type(value) ~= "table" or seen[value] or depth > 6 then return end
          seen[value] = true
          pcall(function() value.spoiled = "yes" end)
          pcall(rawset, value, "spoiled", "yes")
          pcall(table.insert, value, "spoiled")
          for _, name in ipairs { "__index", "__newindex", "__close", "__eq", "__tostring", "release", "power_on", "format" } do
            pcall(function() value[name] = function() return "spoiled" end end)
            pcall(rawset, value, name, function() return "spoiled" end)
          end
          pcall(setmetatable, value, { __index = function() return "spoiled" end })
          local ok, meta = pcall(getmetatable, value)
          if ok then spoil(meta, depth + 1) end
          for _, name in ipairs { "__index", "__metatable", "__newindex" } do
            local found, inner = pcall(function() return value[name] end)
            if found then spoil(inner, depth + 1) end
          end
          pcall(function() for _, inner in pairs(value) do spoil(inner, depth + 1) end end)
        end
        """

    @Test func nothingThatOneRunSpoilsIsSpoiltForTheNext() throws {
        let policy = try Policy()
        let healthy = """
            local resource = wait({ resource = true })
            return ("%d"):format(7), string.format("%s", "x"), string.spoiled, ("x").spoiled, table.concat({ 1, 2 }, "-"), math.max(1, 2),
              resource.spoiled, upper("x"), settings.limit, settings.spoiled, tostring(1), select("#", pcall(error)), coroutine.isyieldable()
            """
        func outcome() throws -> LuaOutcome {
            try policy.use { lua in
                let chunk = try lua.compile(LuaSource(name: "s.lua", text: healthy))
                defer { lua.release(chunk) }
                let start = lua.execute(chunk)
                guard let strand = start.strand else { return start.outcome }
                return lua.resume(strand, with: .success([["$type": "resource", "name": "node1", "id": 1]]))
            }
        }
        let before = try outcome()
        _ = try policy.run(
            Self.spoil + """

                for _, library in ipairs { string, table, math, utf8, coroutine, settings, _ENV } do spoil(library, 0) end
                spoil(getmetatable(""), 0)
                local ok, problem = pcall(refuse, "node1")
                spoil(problem, 0)
                pcall(function() string.format = nil end)
                pcall(function() pcall = nil end)
                rawequal, type, tostring = nil, nil, nil
                """)
        try policy.use { lua in
            let chunk = try lua.compile(LuaSource(name: "s.lua", text: Self.spoil + " spoil(wait(), 0)"))
            let start = lua.execute(chunk)
            _ = lua.resume(try #require(start.strand), with: .success([["$type": "resource", "name": "node1", "id": 1]]))
        }
        #expect(try outcome() == before)
        guard case .returned = before else {
            Issue.record("\(before)")
            return
        }
    }

    @Test func randomNumbersOfOneRunAreNotTurnedByAnother() throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(
                LuaSource(name: "s.lua", text: "local a = math.random(1 << 40) wait() return a, math.random(1 << 40), tostring({})"))
            let alone = lua.execute(chunk, seed: 9)
            let first = lua.resume(try #require(alone.strand), with: .success([]))
            let disturbed = lua.execute(chunk, seed: 9)
            let other = try lua.compile(
                LuaSource(name: "o.lua", text: "math.randomseed(1) for i = 1, 99 do math.random() tostring({}) end"))
            _ = lua.execute(other, seed: 5)
            #expect(lua.resume(try #require(disturbed.strand), with: .success([])) == first)
        }
    }

    @Test func policiesShareNothing() throws {
        let one = try Policy()
        let other = try Policy()
        _ = try one.run("shared = 'mine' math.randomseed(1)")
        _ = try one.run(Self.spoil + " spoil(string, 0) spoil(settings, 0)")
        #expect(try other.values("return shared, string.spoiled, settings.spoiled") == [nil, nil, nil])
    }

    @Test(arguments: [
        "local t = {} t.t = t wait(t)", "local t = {} for i = 1, 100 do t = { t } end wait(t)", "wait(coroutine.create(print or type))",
        "wait({ [{}] = 1 })",
        "wait({ f = function() end })", "wait(('x'):rep(1 << 22))", "local t = {} for i = 1, 1 << 18 do t[i] = 'some text' end wait(t)",
    ]) func whatCannotCrossIsAnErrorOfTheScript(_ script: String) throws {
        let policy = try Policy(messageLimit: 1 << 20)
        let error = try #require(try policy.failure(script))
        #expect(error.code == .badArgument, "\(error)")
        #expect(try policy.values("return wait(1)") == [1])
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
