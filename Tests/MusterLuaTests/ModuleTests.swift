import MusterCore
import MusterLua
import Synchronization
import Testing

@Suite struct ModuleTests {
    @Test func modulesRunOncePerRun() throws {
        let policy = try Policy(modules: [
            "counter": "local n = 0\nloads = (loads or 0) + 1\nreturn { next = function() n = n + 1 return n end }",
            "plain": "value = 7",
        ])
        try policy.use { lua in
            let chunk = try lua.compile(
                LuaSource(
                    name: "hook.lua",
                    text: """
                        local counter = require "counter"
                        on("event", function()
                          assert(require "counter" == counter)
                          local plain = require "plain"
                          return counter.next(), counter.next(), loads, plain, value
                        end)
                        """))
            for _ in 0..<3 {
                #expect(
                    lua.dispatch(chunk, handler: LuaFunction(number: 1), arguments: []).outcome == .returned([1, 2, 1, true, 7]))
            }
        }
    }

    @Test(arguments: [
        ("require 'missing'", MusterError.Code.notFound, "script.lua:1"),
        ("require 'forbidden'", "not_allowed", "script.lua:1"),
        ("require 'syntax'", .script, "syntax.lua:2"),
        ("require 'first'", .script, "second.lua:1"),
        ("require 'acts'", .topLevel, "acts.lua:1"),
        ("require()", .script, "script.lua:1"),
    ]) func failuresSayWhere(script: String, code: MusterError.Code, place: String) throws {
        let policy = try Policy(modules: [
            "syntax": "local x\nlocal = 3", "first": "require 'second'", "second": "require 'first'", "acts": "wait()",
        ])
        let error = try #require(try policy.failure(script))
        #expect(error.code == code)
        #expect(error.place == place)
    }

    @Test func aFailedModuleCanBeTriedAgain() throws {
        let policy = try Policy(modules: ["fragile": "if not ready then error('not ready') end return 'fine'"])
        #expect(
            try policy.values(
                "local ok, e = pcall(require, 'fragile') ready = true return ok, e, require 'fragile', wait(1)")
                == [false, "fragile.lua:1: not ready", "fine", 1])
    }

    @Test func modulesAreFoundOncePerChunk() throws {
        let requests = Mutex<[String]>([])
        var settings = LuaSettings()
        settings.placement = .inline
        let isolate = try LuaIsolate(
            settings,
            modules: { request throws(MusterError) in
                requests.withLock { $0.append(request.name) }
                return LuaSource(name: "m.lua", text: "return ...")
            })
        try isolate.performInline { lua in
            for _ in 0..<2 {
                let chunk = try lua.compile(LuaSource(name: "a.lua", text: "require 'm' require 'm'"))
                for _ in 0..<3 { #expect(lua.execute(chunk).outcome == .returned([])) }
                lua.release(chunk)
            }
        }
        #expect(requests.withLock { $0 } == ["m", "m"])
    }
}
