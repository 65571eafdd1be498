import MusterCore
import MusterEngine
import Testing

/// Rules 4 and 6: who is silent, and when that counts.
@Suite struct SilenceTests {
    @Test func suspectAfterThreeSecondsFailedAfterTen() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(2_750)
        #expect(bench.count("resource.suspect") == 0)
        bench.pass(250)
        #expect(bench.count("resource.suspect") == 1)
        bench.pass(6_750)
        #expect(bench.count("resource.failed") == 0)
        bench.pass(500)
        #expect(bench.count("resource.failed") == 1)
        bench.pass(60_000)
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func aBeatingMachineNeverFails() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(60_000, beating: [Bench.mac])
        #expect(bench.count("resource.suspect") == 0)
        #expect(bench.node1?.liveness == .alive)
    }

    @Test func aControllerThatReadsOffProvesTheSilenceSooner() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(3_250)
        // The reading that was asked for before the silence says nothing; the one asked for since does.
        try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        bench.pass(1_250)
        #expect(bench.count("resource.failed") == 0)
        try bench.answer(.success(.power(.off))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        bench.pass(250)
        #expect(bench.count("resource.failed") == 1)
        #expect(bench.milliseconds < 10_000)
    }

    @Test func aStallOfTheLoopBeginsTheCountAnew() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(1_000, beating: [Bench.mac])
        bench.milliseconds += 60_000
        bench.turn { engine, now in engine.tick(now: now) }
        #expect(bench.count("engine.stalled") == 1)
        bench.pass(2_500)
        #expect(bench.count("resource.suspect") == 0)
        bench.pass(8_000)
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func nothingFailsInTheQuietTimeAfterAStart() throws {
        var bench = Bench(quiet: 15_000)
        _ = try bench.runShop()
        bench.pass(14_750)
        #expect(bench.count("resource.failed") == 0)
        bench.pass(1_000)
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func aLostNetworkSilencesNobody() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(1_000, beating: [Bench.mac])
        bench.turn { engine, now in engine.network(isUp: false, now: now) }
        bench.pass(60_000)
        #expect(bench.count("resource.suspect") == 0)
        bench.turn { engine, now in engine.network(isUp: true, now: now) }
        bench.pass(2_500)
        #expect(bench.count("resource.suspect") == 0)
    }

    @Test func whileDisarmedAFailureIsHeldAndArmingReleasesIt() throws {
        var bench = Bench()
        _ = try bench.runShop()
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) }
        bench.pass(12_000)
        #expect(bench.count("resource.failed") == 0)
        #expect(bench.count("resource.held") == 1)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        #expect(bench.errorCode(run, "fence") == .disarmed)
        bench.turn { engine, now in engine.arm(true, operatorName: "maria", now: now) }
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func manySilentAtOnceAreHeldUnlessTheirControllersProveThemOff() throws {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.quietTime = 0
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "f:1")]
        fleet.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop")), place: "f:1")]
        let macs = (1...6).compactMap { MACAddress(octets: [0x52, 0x54, 0, 0x77, 0, UInt8($0)]) }
        fleet.resources = macs.enumerated().map { Declared(Bench.host($0 + 1, $1), place: "f:1") }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        _ = try bench.runShop()
        for (number, mac) in macs.enumerated().dropFirst() { try bench.boot(mac, id: "boot-\(number)") }
        bench.pass(1_000, beating: macs)
        try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        bench.pass(3_500, beating: Array(macs[4...]))
        // node1's controller says off; node2 to node4 say nothing.
        try bench.answer(.success(.power(.off))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        bench.pass(1_250, beating: Array(macs[4...]))
        bench.pass(8_000, beating: Array(macs[4...]))
        #expect(Set(bench.events.filter { $0.name == "resource.held" }.compactMap(\.resource?.rawValue)) == ["node2", "node3", "node4"])
        #expect(bench.events.filter { $0.name == "resource.held" }.allSatisfy { $0.data["reason"] == "isolated" })
        #expect(bench.events.filter { $0.name == "resource.failed" }.map(\.resource) == [ResourceID("node1")])
    }

    @Test func aFenceDecidedForAnEarlierIncarnationIsStale() throws {
        var bench = Bench()
        _ = try bench.runShop()
        bench.pass(11_000)
        let decided = bench.reference("node1")
        // It comes back before anyone fenced it.
        bench.beat(Bench.mac)
        #expect(bench.count("resource.returned") == 1)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [decided])
        #expect(bench.errorCode(run, "fence") == .stale)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func aRebootedMachineIsANewIncarnation() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let decided = bench.reference("node1")
        try bench.boot(Bench.mac, id: "boot-2")
        let run = bench.run()
        bench.step(run, "off", "resource.power_off", [decided])
        #expect(bench.errorCode(run, "off") == .stale)
    }
}
