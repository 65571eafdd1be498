import MusterCore
import MusterEngine
import Testing

/// Rule 1: one writer.
@Suite struct ClaimTests {
    @Test func aSecondClaimIsRefusedWhileTheFirstLives() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "again", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "again") == .claimAlive)
        #expect(bench.engine.world.claims.values.filter(\.isAlive).map(\.resource) == [ResourceID("node1")])
    }

    @Test func aMachineRunsOneServerOnly() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "same", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.errorCode(run, "same") == .claimAlive)
    }

    @Test func evidenceOfOffEndsTheClaimOnce() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("read back off")), where: \.isPowerOff)
        let evidence = try #require(bench.engine.world.evidence.values.first)
        #expect(evidence.kind == .off)
        #expect(evidence.epoch == Epoch(1))
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop"))?.epoch == Epoch(2))
        #expect(bench.engine.world.evidence[evidence.id]?.spent == true)
        // Spent: it ends no other claim.
        try bench.answer(.success(.export(Export(epoch: Epoch(2), host: "10.77.0.1", port: 1, name: "y")))) {
            if case .openExport(_, let cutFirst) = $0 { cutFirst == [Epoch(1)] } else { false }
        }
        bench.step(run, "back", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.errorCode(run, "back") == .claimAlive)
    }

    @Test func epochsOnlyGrow() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        bench.step(run, "release", "server.release", [["name": "shop"]])
        bench.step(run, "claim again", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop"))?.epoch == Epoch(2))
    }

    @Test(arguments: ["heartbeat", "reading", "boot"]) func aSignOfLifeVoidsTheEvidence(_ sign: String) throws {
        var bench = Bench()
        let run = try bench.runShop()
        let token = bench.node1?.boot?.token
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        bench.milliseconds += 1
        switch sign {
        case "heartbeat": bench.beat(Bench.mac, token: token, boot: "boot-1")
        case "reading":
            try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
            #expect(bench.count("evidence.voided") == 0)
            bench.pass(10_000)
            try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        default: _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        }
        #expect(bench.count("evidence.voided") == 1)
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "move") == .evidenceVoid)
    }

    @Test func aReadingAskedForBeforeTheFenceVoidsNothing() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.pass(250)
        #expect(bench.operations.contains { $0.operation.isReading })
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        #expect(bench.count("evidence.voided") == 0)
    }

    @Test func oneImageHasOneWriter() throws {
        var bench = Bench()
        _ = try bench.runShop()
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Bench.mac, Bench.otherMAC].enumerated().map { Declared(Bench.host($0 + 1, $1), place: "f:1") }
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "f:2")]
        fleet.servers = ["shop", "twin"].map { Declared(Server(id: ServerID($0), image: ImageID("shop")), place: "f:3") }
        #expect(
            fleet.problems(imageExists: { _ in true }, secretExists: { _ in true }).map(\.message) == [
                "server twin shares image shop with shop"
            ])
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        let run = bench.run()
        bench.step(run, "twin", "server.claim", [["name": "twin"], ["name": "node2"]])
        #expect(bench.errorCode(run, "twin") == .imageInUse)
    }

    @Test func aClaimWhoseExportNeverOpenedEndsByItself() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try bench.answer(.failure(MusterError(.imageMissing, "no file"))) { if case .openExport = $0 { true } else { false } }
        #expect(bench.errorCode(run, "claim") == .imageMissing)
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop")) == nil)
        // Its export is an obligation until a cut has said that nothing is open.
        #expect(bench.engine.world.claims.values.filter(\.isAlive).isEmpty)
    }

    @Test func manualEvidenceComesFromANamedOperatorAndNotForALivingMachine() throws {
        var bench = Bench()
        _ = try bench.runShop()
        #expect(throws: MusterError.self) {
            try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now) }
        }
        bench.pass(4_000)
        let evidence = try bench.turn { engine, now in
            try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now)
        }
        #expect(evidence.kind == .manual)
        #expect(evidence.operatorName == "maria")
        #expect(evidence.detail.contains("maria"))
        #expect(!Effects.names.contains { $0.contains("confirm") })
    }
}
