import MusterCore
import MusterEngine
import MusterSim
import Testing

/// Heartbeats through an engine loop: those that tell nothing new cost no turn, and none is answered as it was after the engine changed
/// something.
@Suite struct LoopHeartbeatTests {
    /// A loop under virtual time with two machines and a server.
    private struct Stage {
        let store = MemoryStore()
        let time = VirtualTime()
        let fleet = SimulatedFleet()
        let loop: EngineLoop
        let node1 = ResourceID("node1")

        init() async throws {
            loop = try await EngineLoop(
                store: store, drivers: Drivers(power: fleet, exports: fleet, readiness: fleet, secrets: fleet), time: time)
            var declared = FleetDeclaration(file: "f")
            declared.settings.quietTime = 0
            declared.bootNetwork = BootNetwork(interface: "lab0", address: try #require(IPv4Network("10.77.0.1/24")), files: "/boot")
            for (number, mac) in [Bench.mac, Bench.otherMAC].enumerated() {
                fleet.add("bmc\(number + 1)", mac: mac, uuid: "")
                fleet.change("bmc\(number + 1)") { $0.isOn = true }
                declared.resources.append(Declared(Bench.host(number + 1, mac), place: "f:1"))
            }
            declared.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "f:8")]
            declared.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop")), place: "f:9")]
            let wanted = declared
            _ = try await loop.turn { engine, now in try engine.apply(wanted, now: now) }
            try await tick()
        }

        func tick() async throws { try await loop.turn { engine, now in engine.tick(now: now) } }

        /// Boots node1 and gives what it says with each heartbeat, which the engine has heard once.
        func boot() async throws -> Heartbeat {
            guard case .discover(let token) = try await loop.plan(for: BootRequest(mac: Bench.mac)) else {
                throw MusterError("no_plan", "node1 was not told to idle")
            }
            try await loop.report(
                MachineReport(mac: Bench.mac, token: token, bootID: "b1", uuid: nil, memoryMiB: 1, cpus: 1, epoch: nil, address: nil))
            let heartbeat = Heartbeat(mac: Bench.mac, token: token, bootID: "b1", epoch: nil, load: 0.5)
            #expect(try await loop.heartbeat(heartbeat) == .ok)
            return heartbeat
        }

        /// Time passes in ticks; node1 beats once a second, when it says something.
        func pass(_ length: Int64, _ heartbeat: Heartbeat? = nil) async throws {
            for step in 1...length / 250 {
                time.advance(milliseconds: 250)
                if let heartbeat, step % 4 == 0 { #expect(try await loop.heartbeat(heartbeat) == .ok) }
                try await tick()
            }
        }

        var passedOn: Int { loop.heartbeats.counts.passedOn }
        func count(_ event: String) async throws -> Int {
            try await store.events(after: EventID(0), limit: 10_000).count { $0.name == event }
        }

        func until(_ what: String, _ condition: @Sendable (Engine) -> Bool) async throws {
            for _ in 1...2_000 {
                if try await loop.turn({ engine, _ in condition(engine) }) { return }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("\(what) never came")
        }
    }

    @Test func aMachineThatGoesOnCostsNoTurns() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        // The first power readings come in: they change something.
        try await stage.pass(2_000, heartbeat)
        try await stage.until("the reading") { $0.world.resources[ResourceID("node1")]?.power == .on }
        try await stage.pass(2_000, heartbeat)
        let before = stage.passedOn
        let looks = try await stage.loop.turn { engine, _ in engine.looks }
        try await stage.pass(60_000, heartbeat)
        #expect(stage.passedOn == before)
        #expect(try await stage.loop.turn { engine, _ in engine.looks } - looks <= 2)
        #expect(try await stage.count("resource.suspect") == 0)
        #expect(stage.loop.heartbeats.load(of: stage.node1)?.load == 0.5)
    }

    @Test func anotherLoadWithEachBeatCostsNoTurnAndIsSeenWhenAskedFor() async throws {
        let stage = try await Stage()
        var heartbeat = try await stage.boot()
        try await stage.pass(2_000, heartbeat)
        try await stage.until("the reading") { $0.world.resources[ResourceID("node1")]?.power == .on }
        try await stage.pass(2_000, heartbeat)
        let before = stage.passedOn
        for number in 1...60 {
            heartbeat.load = Double(number) / 10
            heartbeat.memoryUsedMiB = Int64(number)
            try await stage.pass(1_000, heartbeat)
        }
        #expect(stage.passedOn == before)
        let seen = try await stage.loop.turn { engine, _ in engine.resourceValues.array?.first { $0["name"] == "node1" } }
        #expect(seen?["load"].double == 6)
        #expect(seen?["memory_used_mib"] == 60)
        // Who is heard no more has no load that anybody knows.
        try await stage.pass(4_000)
        let silent = try await stage.loop.turn { engine, _ in engine.resourceValues.array?.first { $0["name"] == "node1" } }
        #expect(silent?["load"].isNull == true)
    }

    @Test func silenceAndReturnReachTheEngine() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        try await stage.pass(30_000, heartbeat)
        try await stage.pass(2_750)
        #expect(try await stage.count("resource.suspect") == 0)
        try await stage.pass(250)
        #expect(try await stage.count("resource.suspect") == 1)
        try await stage.pass(7_000)
        #expect(try await stage.count("resource.failed") == 1)
        let incarnation = try await stage.loop.turn { engine, _ in engine.world.resources[ResourceID("node1")]?.incarnation }
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        #expect(try await stage.count("resource.returned") == 1)
        let after = try await stage.loop.turn { engine, _ in engine.world.resources[ResourceID("node1")]?.incarnation }
        #expect(after == incarnation.map { $0 + 1 })
        try await stage.pass(30_000, heartbeat)
        try await stage.pass(3_000)
        #expect(try await stage.count("resource.suspect") == 2)
    }

    @Test func aPlanThatWaitsResetsTheMachineAtItsNextBeat() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        let run = try await stage.loop.turn { engine, now in
            let run = engine.runScript(CodeBundle(hash: "h", main: "t.lua", sources: ["t.lua": ""]), operatorName: "maria", now: now)
            engine.requestStep(run, address: "1", name: "server.claim", arguments: [["name": "shop"], ["name": "node1"]], now: now)
            return run
        }
        try await stage.until("the export") { $0.world.steps[run]?["1"]?.outcome != nil }
        #expect(try await stage.loop.heartbeat(heartbeat) == .reset)
        #expect(try await stage.loop.heartbeat(heartbeat) == .reset)
    }

    @Test func whatWasDroppedWithTheEnginesMemoryIsAskedAnew() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        let before = stage.passedOn
        stage.store.fail(with: MusterError(.storeFull, "no room"))
        await #expect(throws: MusterError.self) { try await stage.loop.turn { engine, now in engine.note("user.x", data: [:], now: now) } }
        stage.store.fail(with: nil)
        try await stage.until("the reload") { _ in true }
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        #expect(stage.passedOn == before + 1)
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        #expect(stage.passedOn == before + 1)
    }

    @Test func anAnswerThatIsNotDurableIsNotLearned() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        try await stage.pass(2_000, heartbeat)
        try await stage.pass(3_000)
        stage.store.fail(with: MusterError(.storeFull, "no room"))
        let before = stage.passedOn
        await #expect(throws: MusterError.self) { try await stage.loop.heartbeat(heartbeat) }
        await #expect(throws: MusterError.self) { try await stage.loop.heartbeat(heartbeat) }
        #expect(stage.passedOn == before + 2)
        stage.store.fail(with: nil)
    }

    @Test func anEngineThatEndedAnswersNobody() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        #expect(try await stage.loop.heartbeat(heartbeat) == .ok)
        stage.store.fail(with: MusterError(.storeTerm, "another engine has begun"))
        await #expect(throws: MusterError.self) { try await stage.loop.turn { engine, now in engine.note("user.x", data: [:], now: now) } }
        await #expect(throws: MusterError.self) { try await stage.loop.heartbeat(heartbeat) }
    }

    @Test func aStallSilencesNobodyAndCostsNoTurns() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        try await stage.pass(30_000, heartbeat)
        let before = stage.passedOn
        stage.time.advance(milliseconds: 60_000)
        try await stage.tick()
        #expect(try await stage.count("engine.stalled") == 1)
        try await stage.pass(10_000, heartbeat)
        #expect(stage.passedOn == before)
        #expect(try await stage.count("resource.suspect") == 0)
    }

    @Test func aNetworkThatIsDownSilencesNobody() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        try await stage.pass(10_000, heartbeat)
        try await stage.loop.turn { engine, now in engine.network(isUp: false, now: now) }
        try await stage.pass(60_000)
        try await stage.loop.turn { engine, now in engine.network(isUp: true, now: now) }
        try await stage.pass(2_750)
        #expect(try await stage.count("resource.suspect") == 0)
        try await stage.pass(500)
        #expect(try await stage.count("resource.suspect") == 1, "it really is gone")
    }

    @Test func aMachineDeclaredAgainUnderItsNameIsMissedAgain() async throws {
        let stage = try await Stage()
        let heartbeat = try await stage.boot()
        try await stage.pass(10_000, heartbeat)
        var empty = FleetDeclaration(file: "f")
        empty.settings.quietTime = 0
        let without = empty
        empty.resources = [Declared(Bench.host(1, Bench.mac), place: "f:1")]
        let with = empty
        _ = try await stage.loop.turn { engine, now in try engine.apply(without, now: now) }
        _ = try await stage.loop.turn { engine, now in try engine.apply(with, now: now) }
        #expect(try await stage.loop.heartbeat(heartbeat) == .reset)
        let again = try await stage.boot()
        try await stage.pass(10_000, again)
        try await stage.pass(3_000)
        #expect(try await stage.count("resource.suspect") == 1)
    }
}
