import MusterCore
import MusterEngine
import Testing

@Suite struct RetentionTests {
    private static let day: Int64 = 86_400_000

    private func retention(_ bench: inout Bench) -> Retention { bench.turn { engine, now in engine.retention(now: now) } }

    @Test func historyGoesByTheSettings() {
        var bench = Bench()
        let now = bench.now.wall.milliseconds
        let retention = retention(&bench)
        #expect(retention.eventsBefore.milliseconds == now - 90 * Self.day)
        #expect(retention.runsBefore.milliseconds == now - 30 * Self.day)
        #expect(retention.lastEvent == bench.engine.world.general.lastEvent)
    }

    @Test func eventsWaitForAHookWhoseFileIsAwayAndNotForOneThatIsUpToDate() {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        bench.load("b.lua", [.on("user.b", id: "b#1")])
        bench.turn { engine, now in engine.unloadHooks(file: "a.lua", now: now) }
        let cursor = EventID(bench.engine.world.hooks[HookID("a#1")]?.cursor ?? -1)
        bench.turn { engine, now in for _ in 0..<5 { engine.note("user.a", data: [:], now: now) } }
        #expect(retention(&bench).lastEvent == cursor)
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        #expect(bench.runs(of: "a#1").count == 5)
        #expect(bench.engine.world.hooks[HookID("a#1")]?.away == nil)
        #expect(retention(&bench).lastEvent == bench.engine.world.general.lastEvent)
    }

    @Test func aHookAwayForLongerThanEventsAreKeptIsForgottenAndThatIsAnEvent() async throws {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        bench.turn { engine, now in engine.unloadHooks(file: "a.lua", now: now) }
        bench.turn { engine, now in engine.note("user.a", data: [:], now: now) }
        bench.milliseconds += 89 * Self.day
        _ = retention(&bench)
        #expect(bench.count("hook.forgotten") == 0)
        bench.milliseconds += 2 * Self.day
        let after = retention(&bench)
        let told = try #require(bench.events.last { $0.name == "hook.forgotten" })
        #expect(told.data["hook"] == "a#1" && told.data["file"] == "a.lua")
        #expect(after.lastEvent == bench.engine.world.general.lastEvent)
        try await bench.restart()
        #expect(bench.engine.world.hooks[HookID("a#1")] == nil)
        // When it comes back it starts at now.
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        #expect(bench.runs(of: "a#1").isEmpty)
        bench.turn { engine, now in engine.note("user.a", data: [:], now: now) }
        #expect(bench.runs(of: "a#1").count == 1)
    }

    @Test func aHookThatWentAwayWhileTheClockWasWrongIsForgottenInTime() {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        bench.milliseconds += 4_000 * Self.day
        bench.turn { engine, now in engine.unloadHooks(file: "a.lua", now: now) }
        bench.milliseconds -= 4_000 * Self.day
        _ = retention(&bench)
        bench.milliseconds += 91 * Self.day
        _ = retention(&bench)
        #expect(bench.count("hook.forgotten") == 1)
    }

    @Test func theCodeOfLiveRunsAndActiveHooksIsHeld() {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        _ = bench.run()
        #expect(retention(&bench).code == ["a.lua", "h"])
    }
}
