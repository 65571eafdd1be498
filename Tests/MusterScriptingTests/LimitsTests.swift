import MusterCore
import MusterEngine
import Testing

/// `limits { … }` in hook files, and the operator's settings that bound them.
@Suite struct LimitsTests {
    private static let hungry = "local t = {} for i = 1, 40 do t[i] = ('x'):rep(1 << 20) now() end log('had it')"

    private func outcome(_ head: String, _ body: String, settings: String = "") async throws -> Run {
        let folder = try HookDirectory(["a.lua": head + "\non('user.x', function()\n" + body + "\nend)"])
        let scene = try await Scene(hooks: nil)
        if !settings.isEmpty { try await scene.apply("settings { \(settings) }") }
        let second = try await Scene(store: scene.store, fleet: scene.fleet, time: scene.time, hooks: folder.path)
        try await second.note("user.x")
        try await second.run { $0.world.runs.isEmpty }
        return try #require(try await second.store.runs(limit: 10).first { $0.hook == HookID("a#1") })
    }

    @Test(arguments: [
        ("limits { memory = '24M' }", "", false), ("limits { memory = '128M' }", "", true), ("", "", true),
        ("", "policy_memory = '24M'", false), ("limits { memory = '100M' }", "policy_memory = '24M'", true),
    ]) func memoryIsBounded(_ head: String, _ settings: String, _ passes: Bool) async throws {
        let run = try await outcome(head, Self.hungry, settings: settings)
        #expect(run.status == (passes ? .done : .failed))
        if !passes { #expect(run.error?.code == .memory) }
    }

    @Test func aSliceIsBounded() async throws {
        let endless = try await outcome("limits { slice = '10ms' }", "while true do end")
        #expect(endless.error?.code == .budget)
        #expect(endless.limits?.slice == 10)
        // Far more than the default slice, and within what it asked for on any machine that can run tests.
        let long = try await outcome(
            "limits { slice = '60s' }", "local n = 0 for i = 1, 30000000 do n = n + i % 7 end", settings: "policy_slice_most = '60s'")
        #expect(long.status == .done, "\(long.error.debugDescription)")
        let settled = try await outcome("", "while true do end", settings: "policy_slice = '10ms'")
        #expect(settled.limits?.slice == 10 && settled.error?.code == .budget)
    }

    @Test(arguments: [
        ("limits { memory = '1G' }", "policy_memory_most = \"1024M\""), ("limits { slice = '5s' }", "policy_slice_most = \"5000ms\""),
        ("limits { memroy = '1G' }", "did you mean memory?"), ("limits { memory = 'much' }", "memory = \"128M\""),
        ("limits { memory = 64 }", "memory = \"128M\""), ("limits { slice = '1ms' }", "slice = \"100ms\""),
        ("limits { slice = 0/0 }", "slice = \"100ms\""),
        ("limits { 1 }", "memory = \"128M\""), ("limits()", "memory = \"128M\""),
        ("limits { memory = '1M' } limits { slice = '10ms' }", "both in one"),
    ]) func wrongLimitsAreNamedWithTheirFile(_ text: String, _ hint: String) async throws {
        // Put together, where `muster check` would refuse it before.
        let folder = try HookDirectory(["a.lua": text.replacing("limits", with: ";_ENV['lim' .. 'its']") + "\non('user.x', function() end)"]
        )
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        let error = try #require(await scene.scripting.hookFiles().array?.first)["error"].decode(MusterError.self)
        #expect(error.hint?.contains(hint) == true, "\(error)")
        #expect(error.place?.hasPrefix("a.lua") == true, "\(error)")
    }

    @Test func aFileThatAskedForTooMuchIsLoadedWhenTheOperatorAllowsIt() async throws {
        let folder = try HookDirectory(["a.lua": "limits { memory = '1G' }\non('user.x', function() log('here') end)"])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        #expect(try await scene.engine().world.hooks.isEmpty)
        try await scene.apply("settings { policy_memory_most = '1G' }")
        try await scene.scripting.hooks.refresh()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["here"])
        // And bounded again when it is taken back: the file stays loaded, and has less.
        try await scene.apply("settings { policy_memory_most = '100M' }")
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.store.runs(limit: 1).first?.limits?.memory == 100 << 20)
        #expect(try await scene.logs() == ["here", "here"])
    }

    @Test(arguments: [
        ("policy_memory = '300M'", "policy_memory_most"), ("policy_memory = 0", "policy_memory"),
        ("policy_slice = '2s'", "policy_slice_most"),
        ("policy_slice = '1ms'", "policy_slice"),
    ]) func wrongSettingsAreRefused(_ settings: String, _ word: String) async throws {
        let scene = try await Scene(hooks: nil)
        let error = try await #require(throws: MusterError.self) { try await scene.apply("settings { \(settings) }") }
        #expect("\(error)".contains(word), "\(error)")
        #expect(error.place == "fleet.lua:1")
    }

    @Test func settingsFromBeforeTheseStillLoad() throws {
        let stored = try Value(encoding: Settings())
        #expect(stored["policy"].isNull)
        #expect(try stored.decode(Settings.self).policies == PolicySettings())
    }
}
