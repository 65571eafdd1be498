import MusterCore
import MusterEngine
import Testing

/// What policies are told by the fleet file, and what their runs tell the next ones.
@Suite struct MemoryTests {
    private func bench(_ blocks: Fields? = nil) throws -> Bench {
        var bench = Bench()
        try tell(&bench, blocks)
        return bench
    }

    private func tell(_ bench: inout Bench, _ blocks: Fields?) throws {
        var fleet = FleetDeclaration(file: "f")
        fleet.settings = bench.engine.world.general.settings
        fleet.settings.blocks = blocks
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Declared(Bench.host(1, Bench.mac), place: "f:1")]
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
    }

    private func value(_ bench: Bench, _ run: RunID, _ address: String) -> Value? {
        if case .value(let value) = bench.outcome(run, address) { value } else { nil }
    }

    @Test func aTimerRestsUntilItsPolicyIsToldSomething() throws {
        var bench = try bench()
        var declaration = HookDeclaration.every(60_000, id: "scaling")
        declaration.policy = "scaling"
        bench.load("scaling.lua", [declaration])
        bench.pass(300_000)
        #expect(bench.runs(of: "scaling").isEmpty)
        let quiet = bench.batches.count { !$0.isEmpty }
        bench.pass(60_000)
        #expect(bench.batches.count { !$0.isEmpty } == quiet)
        try tell(&bench, ["scaling": ["pool": "web"]])
        bench.pass(61_000)
        let run = try #require(bench.runs(of: "scaling").first)
        bench.step(run.id, "1", "policy", ["scaling"])
        bench.step(run.id, "2", "policy", ["other"])
        #expect(value(bench, run.id, "1") == ["pool": "web"])
        #expect(value(bench, run.id, "2") == .null)
    }

    @Test func whatHappensWhileAHookRestsIsNotForIt() throws {
        var bench = try bench()
        var declaration = HookDeclaration.on("user.x", id: "tell")
        declaration.policy = "notification"
        bench.load("tell.lua", [declaration])
        func happens(_ bench: inout Bench) { _ = bench.turn { engine, now in try? engine.emitUser("user.x", [:], key: nil, now: now) } }
        happens(&bench)
        try tell(&bench, ["notification": ["webhook": "x"]])
        #expect(bench.runs(of: "tell").isEmpty)
        happens(&bench)
        #expect(bench.runs(of: "tell").count == 1)
        bench.turn { engine, now in engine.unloadHooks(file: "tell.lua", now: now) }
        happens(&bench)
        try tell(&bench, nil)
        bench.load("tell.lua", [declaration])
        #expect(bench.runs(of: "tell").count == 1)
    }

    @Test func whatIsToldIsADifferenceOfTheFleet() throws {
        let bench = try bench(["a": ["spare": 1], "b": [:]])
        var fleet = FleetDeclaration(file: "f")
        fleet.settings = bench.engine.world.general.settings
        fleet.settings.blocks = ["a": ["spare": 2], "c": [:]]
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Declared(Bench.host(1, Bench.mac), place: "f:1")]
        #expect(
            bench.engine.plan(fleet).map { "\($0.verb) \($0.noun) \($0.name) \($0.details)" } == [
                "change policy a [\"spare: 1 → 2\"]", "remove policy b []", "add policy c []",
            ])
    }

    @Test func aRunRecallsWhatAnEarlierOneRemembered() async throws {
        var bench = try bench()
        bench.load("timer.lua", [.every(60_000, id: "timer"), .on("user.x", id: "other")])
        bench.pass(61_000)
        let first = try #require(bench.runs(of: "timer").first)
        bench.step(first.id, "1", "recall", ["last"])
        #expect(value(bench, first.id, "1") == .null)
        bench.step(first.id, "2", "remember", ["last", ["at": 7]])
        bench.step(first.id, "3", "remember", ["gone", true])
        bench.step(first.id, "4", "remember", ["gone", .null])
        bench.turn { engine, now in engine.runEnded(first.id, .success(.null), now: now) }
        try await bench.restart()
        // The file was loaded anew, in another version.
        bench.load("timer.lua", [.every(30_000, id: "timer"), .on("user.x", id: "other")])
        bench.pass(61_000)
        let second = try #require(bench.runs(of: "timer").first)
        bench.step(second.id, "1", "recall", ["last"])
        bench.step(second.id, "2", "recall", ["gone"])
        #expect(value(bench, second.id, "1") == ["at": 7])
        #expect(value(bench, second.id, "2") == .null)
        _ = bench.turn { engine, now in try? engine.emitUser("user.x", [:], key: nil, now: now) }
        let other = try #require(bench.runs(of: "other").first)
        bench.step(other.id, "1", "recall", ["last"])
        #expect(value(bench, other.id, "1") == .null, "another hook has a memory of its own")
    }

    @Test func thereIsALimitAndScriptsHaveNone() throws {
        var bench = try bench()
        bench.load("timer.lua", [.every(60_000, id: "timer")])
        bench.pass(61_000)
        let run = try #require(bench.runs(of: "timer").first)
        bench.step(run.id, "1", "remember", ["much", .string(String(repeating: "x", count: 70_000))])
        #expect(bench.errorCode(run.id, "1") == .badArgument)
        let script = bench.run()
        bench.step(script, "1", "remember", ["a", 1])
        #expect(bench.errorCode(script, "1") == .wrongState)
        bench.step(script, "2", "recall", ["a"])
        #expect(value(bench, script, "2") == .null)
    }

    @Test func whoOnlyTellsOfAFailureDoesNotAnswerForTheServer() throws {
        var bench = Bench()
        var tells = HookDeclaration.on("resource.failed", id: "tells")
        tells.needs = [.http]
        bench.load("tells.lua", [tells, .on("resource.failed", id: "acts")])
        _ = try bench.runShop()
        bench.pass(11_000, beating: [Bench.mac])
        bench.pass(15_000)
        #expect(bench.count("resource.failed") == 1)
        #expect(bench.runs(of: "tells").map(\.servers) == [[]])
        #expect(bench.runs(of: "acts").map(\.servers) == [[ServerID("shop")]])
    }
}
