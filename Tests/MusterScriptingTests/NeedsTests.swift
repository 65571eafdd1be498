import MusterCore
import MusterEngine
import Testing

/// `needs { … }` in hook files, as they execute: names are put together where `muster check` would refuse the file before.
@Suite struct NeedsTests {
    private func broken(_ text: String, modules: [String: String] = [:]) async throws -> MusterError {
        let folder = try HookDirectory(["a.lua": text])
        for (name, text) in modules { try folder.write("lib/\(name).lua", text) }
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        let file = try #require(await scene.scripting.hookFiles().array?.first)
        return try file["error"].decode(MusterError.self)
    }

    @Test(arguments: [
        ("{ 'powr' }", "did you mean \"power\"?"), ("{ 'everything' }", "power, storage, servers, http, exec"),
        ("{ 1 }", "the capabilities are"), ("'power'", "{ \"power\""), ("{ power = true }", "{ \"power\""),
        ("()", "{ \"power\""), ("(nil)", "{ \"power\""),
    ]) func wrongNamesAreNamedWithTheirLine(_ text: String, _ hint: String) async throws {
        let error = try await broken("\n_ENV['nee' .. 'ds'] " + text + "\non('user.x', function() end)")
        #expect(error.hint?.contains(hint) == true, "\(error)")
        #expect(error.place == "a.lua:2")
    }

    @Test func aModuleHasTheRightsOfItsHook() async throws {
        let error = try await broken("require 'm'\non('user.x', function() end)", modules: ["m": "\nneeds { 'power' }"])
        #expect(error.place == "m.lua:2")
        #expect(error.hint == "move it to a.lua")
    }

    @Test func insideAHandlerItIsAnError() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', function()\n  _ENV['nee' .. 'ds'] { 'power' }\nend)"])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        let error = try #require(try await scene.store.runs(limit: 1).first?.error)
        #expect(error.message.contains("top level"))
        #expect(error.place == "a.lua:2")
    }

    @Test func severalAddUp() async throws {
        let folder = try HookDirectory(["a.lua": "needs { 'storage' }\nneeds {}\nneeds { 'power', 'power' }\non('user.x', function() end)"])
        let scene = try await Scene(hooks: folder.path)
        #expect(try await scene.engine().world.hooks[HookID("a#1")]?.declaration.needs == [.power, .storage])
    }

    @Test func anUndeclaredCallFailsTheRunWithLineAndHint() async throws {
        let folder = try HookDirectory([
            "a.lua":
                "needs { 'storage' }\non('user.x', function()\n  local node = resources.get('node1') node['power' .. '_off'](node)\nend)"
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.apply()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        let error = try #require(try await scene.store.runs(limit: 1).first?.error)
        #expect(error.code == .notAllowed)
        #expect(error.place == "a.lua:3")
        #expect(error.hint == "add needs { \"power\" } to a.lua")
        #expect(scene.fleet.orders.isEmpty)
    }

    @Test func aScriptOfAnOperatorsMayDoIt() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        _ = try await scene.scripting.runScript(
            source: "needs { 'storage' }\nresources.get('node1'):power_on()", file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(scene.fleet.orders == ["on bmc1"])
    }
}
