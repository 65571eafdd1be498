import MusterCore
import MusterEngine
import Testing

/// An engine that begins with a backup: shop ran on node1 (epoch 1) when it was made.
@Suite struct RestoreTests {
    private let shop = ServerID("shop")

    private func restored(armed: Bool = false) async throws -> Bench {
        var bench = Bench()
        _ = try bench.runShop()
        bench.beat(Bench.mac)
        try await bench.restart()
        let backup = bench.now.wall
        bench.milliseconds += 3_600_000
        bench.turn { engine, now in engine.restore(backup: backup, operatorName: "Ann", now: now) }
        try await bench.restart()
        bench.pass(250)
        if armed { bench.turn { engine, now in engine.arm(true, operatorName: "Ann", now: now) } }
        return bench
    }

    private func unproven(_ bench: Bench) -> [String] {
        bench.engine.world.resources.values.filter { $0.unproven == true }.map(\.id.rawValue).sorted()
    }

    /// The lost engine's boot of node2 under an epoch that the backup does not know.
    private func beatUnknown(_ bench: inout Bench) -> HeartbeatAnswer {
        bench.turn { engine, now in
            engine.heartbeat(Heartbeat(mac: Bench.otherMAC, token: "lost", bootID: "lost", epoch: Epoch(2)), now: now)
        }
    }

    /// Answers what the controllers are asked until nothing is.
    private func read(_ power: Power, _ name: String, _ bench: inout Bench) throws {
        bench.pass(11_000)
        try bench.answer(.success(.power(power))) { if case .readPower(ResourceID(name), _, _) = $0 { true } else { false } }
    }

    private func list(_ exports: [Epoch], _ bench: inout Bench) throws {
        bench.pass(2_500)
        try bench.answer(.success(.exports(exports))) { if case .listExports = $0 { true } else { false } }
    }

    @Test func itBeginsDisarmedWithNumbersFarAheadAndBelievesNothing() async throws {
        let bench = try await restored()
        let general = bench.engine.world.general
        #expect(!general.armed)
        #expect(general.lastEpoch.rawValue == 1 + 1_000_000 + 360_000)
        #expect(bench.engine.world.claims.values.map(\.unproven) == [true])
        #expect(bench.engine.world.evidence.values.allSatisfy { !$0.isValid })
        #expect(bench.engine.world.runs.isEmpty)
        #expect(unproven(bench) == ["node1", "node2"])
        let blocked = try #require(bench.engine.world.servers[shop]?.blocked)
        #expect(blocked.reason.contains("restored from a backup that was 1 h 0 m old") && blocked.remedy.contains("muster arm"))
        #expect(bench.count("engine.restored") == 1)
    }

    @Test func aSecondRestoreOfTheSameBackupLeapsFurther() async throws {
        var bench = try await restored()
        let first = bench.engine.world.general.lastEpoch
        let backup = Timestamp(milliseconds: bench.now.wall.milliseconds - 7_200_000)
        var other = Bench()
        _ = try other.runShop()
        other.milliseconds = bench.milliseconds
        other.turn { engine, now in engine.restore(backup: backup, operatorName: "Ann", now: now) }
        #expect(other.engine.world.general.lastEpoch > first)
        bench.pass(250)
    }

    @Test func aMachineThatStillRunsUnderItsClaimProvesIt() async throws {
        var bench = try await restored()
        #expect(bench.beat(Bench.mac) == .ok)
        #expect(bench.engine.world.claims[Epoch(1)]?.unproven == nil)
        #expect(unproven(bench) == ["node2"])
        #expect(bench.events.last { $0.name == "server.wanted" }?.server == shop)
    }

    @Test func whileItOnlyLooksItTellsNoMachineAnything() async throws {
        var bench = try await restored()
        #expect(beatUnknown(&bench) == .ok)
        #expect(beatUnknown(&bench) == .ok)
        #expect(bench.count("resource.unproven") == 1)
        let run = bench.run()
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        bench.step(run, "2", "resource.power_on", [bench.reference("node2")])
        bench.step(run, "3", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(["1", "2", "3"].map { bench.errorCode(run, $0) } == [.disarmed, .disarmed, .disarmed])
        #expect(!bench.operations.contains { $0.operation.isPowerOff || $0.operation.isPowerOn || $0.operation.isOpening })
    }

    @Test func nothingIsClaimedBeforeEveryMachineIsAccountedFor() async throws {
        var bench = try await restored(armed: true)
        // node1 is off. That ends the claim of the backup, and says nothing about node2, which has the image since.
        let run = bench.run()
        bench.step(run, "1", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("read off"))) { $0.isPowerOff }
        #expect(unproven(bench) == ["node2"])
        bench.step(run, "2", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.errorCode(run, "2") == .notFenced)
        #expect(bench.engine.world.servers[shop]?.blocked?.reason.contains("node1") != true)
        // Armed, it tells node2 to reset. Reset, node2 asks for its plan, and then it runs nothing.
        #expect(beatUnknown(&bench) == .reset)
        #expect(unproven(bench) == ["node2"])
        try bench.boot(Bench.otherMAC, id: "new")
        #expect(unproven(bench).isEmpty)
        // Its export is still open: nothing is claimed before it is cut.
        bench.step(run, "3", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "3") == .notFenced)
        try list([Epoch(1), Epoch(2)], &bench)
        try bench.answer(.success(.words("cut"))) { $0.isCut(2) }
        #expect(!bench.operations.contains { $0.operation.isCut(1) })
        try list([Epoch(1)], &bench)
        #expect(bench.count("engine.settled") == 1)
        #expect(bench.engine.world.general.restored == nil)
        bench.step(run, "4", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "4") == nil)
        #expect(bench.engine.world.aliveClaim(of: shop)?.epoch.rawValue ?? 0 > 1_000_000)
    }

    @Test func aMachineThatWasSeenOffAndBeatsIsNotAccountedFor() async throws {
        var bench = try await restored()
        try read(.off, "node2", &bench)
        #expect(unproven(bench) == ["node1"])
        #expect(beatUnknown(&bench) == .ok)
        #expect(unproven(bench) == ["node1", "node2"])
    }

    @Test func aClaimOfTheBackupGivesItsMachineNoImage() async throws {
        var bench = try await restored(armed: true)
        let plan = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        guard case .wait = plan else {
            Issue.record("\(plan)")
            return
        }
        #expect(unproven(bench) == ["node2"])
        #expect(bench.engine.world.claims[Epoch(1)]?.unproven == true)
    }

    @Test func evidenceOfTheBackupEndsNoClaim() async throws {
        var bench = Bench()
        let first = try bench.runShop()
        bench.step(first, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("read off"))) { $0.isPowerOff }
        #expect(bench.engine.world.evidence.values.map(\.isValid) == [true])
        let backup = bench.now.wall
        bench.turn { engine, now in engine.restore(backup: backup, operatorName: "Ann", now: now) }
        try await bench.restart()
        let run = bench.run()
        bench.step(run, "1", "server.release", [["name": "shop"]])
        #expect(bench.errorCode(run, "1") == .claimAlive)
        #expect(bench.engine.world.aliveClaim(of: shop)?.epoch == Epoch(1))
    }

    @Test func anOperatorsWordAccountsForAMachineThatNobodyCanReach() async throws {
        var bench = try await restored(armed: true)
        for name in ["node1", "node2"] {
            _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID(name), operatorName: "Ann", now: now) }
        }
        #expect(unproven(bench).isEmpty)
        try list([], &bench)
        #expect(bench.engine.world.general.restored == nil)
        #expect(bench.events.last { $0.name == "server.wanted" }?.server == shop)
    }

    @Test func aMachineThatTheBackupDoesNotKnowIsOneToAccountFor() async throws {
        var bench = try await restored()
        let mac = try #require(MACAddress("52:54:00:77:00:09"))
        let answer = bench.turn { engine, now in
            engine.heartbeat(Heartbeat(mac: mac, token: "lost", bootID: "lost", epoch: Epoch(3)), now: now)
        }
        #expect(answer == .ok)
        #expect(unproven(bench) == ["machine-525400770009", "node1", "node2"])
        // One that the fleet declares since.
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.resources = [Declared(Bench.host(1, Bench.mac), place: "1"), Declared(Bench.host(2, Bench.otherMAC), place: "2")]
        fleet.resources.append(Declared(Bench.host(3, try #require(MACAddress("52:54:00:77:00:03"))), place: "3"))
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "4")]
        fleet.servers = [Declared(Server(id: shop, image: ImageID("shop"), memoryMiB: 128), place: "5")]
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        #expect(unproven(bench).contains("node3"))
    }
}
