import MusterCore
import MusterEngine
import Testing

/// What ends a doubt about a machine: its controller answers again, the others return, it is off again.
@Suite struct EndOfDoubtTests {
    private let silent = MusterError(.bmcSilent, "the BMC does not answer")
    private func isReading(_ name: String) -> (Operation) -> Bool {
        { if case .readPower(ResourceID(name), _, _) = $0 { true } else { false } }
    }

    /// Shop runs on node1, and no run works for it.
    private func running(_ bench: inout Bench) throws {
        let run = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
    }

    @Test func aFailureIsToldAgainWhenItsControllerAnswers() throws {
        var bench = Bench()
        try running(&bench)
        bench.pass(4_000)
        try bench.answer(.failure(silent), where: isReading("node1"))
        bench.pass(8_000)
        #expect(bench.count("resource.failed") == 1)
        try bench.answer(.success(.power(.on)), where: isReading("node1"))
        #expect(bench.count("resource.bmc_answers") == 1)
        #expect(bench.count("resource.failed") == 2)
        // Its reading of off is news too: a fence will find it off.
        bench.pass(1_000)
        try bench.answer(.success(.power(.off)), where: isReading("node1"))
        #expect(bench.count("resource.failed") == 3)
        bench.pass(1_000)
        try bench.answer(.success(.power(.off)), where: isReading("node1"))
        #expect(bench.count("resource.failed") == 3)
    }

    @Test func armingTellsAgainOfAFailureThatNobodyFenced() throws {
        var bench = Bench()
        try running(&bench)
        bench.pass(12_000)
        #expect(bench.count("resource.failed") == 1)
        bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) }
        bench.pass(1_000)
        try bench.answer(.failure(silent), where: isReading("node1"))
        bench.pass(1_000)
        try bench.answer(.success(.power(.on)), where: isReading("node1"))
        #expect(bench.count("resource.failed") == 1)
        bench.turn { engine, now in engine.arm(true, operatorName: "maria", now: now) }
        #expect(bench.count("resource.failed") == 2)
    }

    @Test func aServerThatShouldBeStoppedIsCalledForAgain() throws {
        var bench = Bench()
        try running(&bench)
        try bench.turn { engine, now in try engine.setTarget(.stopped, of: ServerID("shop"), now: now) }
        bench.pass(1_000, beating: [Bench.mac])
        try bench.answer(.failure(silent), where: isReading("node1"))
        #expect(bench.count("server.unwanted") == 1)
        bench.pass(11_000, beating: [Bench.mac])
        try bench.answer(.success(.power(.on)), where: isReading("node1"))
        #expect(bench.count("server.unwanted") == 2)
        bench.pass(11_000, beating: [Bench.mac])
        try bench.answer(.success(.power(.on)), where: isReading("node1"))
        #expect(bench.count("server.unwanted") == 2)
    }

    @Test func nobodyWaitsForAServerOnAMachineThatWasSeenOff() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "wait", "server.wait_ready", [["name": "shop"]])
        bench.pass(3_000)
        #expect(bench.outcome(run, "wait") == nil)
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "ada", now: now) }
        #expect(bench.errorCode(run, "wait") == "machine_failed")
        #expect(bench.count("server.wanted") == 1, "its run goes on")
    }

    @Test func nobodyIsToldAgainWhileARunWorksForTheServer() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.pass(4_000)
        try bench.answer(.failure(silent), where: isReading("node1"))
        bench.pass(8_000)
        bench.step(run, "wait", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.power(.on)), where: isReading("node1"))
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func theAnswerToAnEarlierQuestionDoesNotOverruleALaterOne() throws {
        var bench = Bench()
        try running(&bench)
        let early = bench.now.monotonic
        bench.pass(1_000, beating: [Bench.mac])
        bench.turn { engine, now in engine.powerSeen(ResourceID("node1"), .success(.on), now: now) }
        let index = try #require(bench.operations.lastIndex { isReading("node1")($0.operation) })
        guard case .readPower(_, _, let asked) = bench.operations[index].operation else { return }
        #expect(asked <= early)
        // Its patience ends after the later question was answered.
        try bench.answer(.failure(silent), where: isReading("node1"))
        #expect(bench.count("resource.bmc_fault") == 0)
        #expect(bench.node1?.power == .on)
    }

    private func six(_ bench: inout Bench) throws -> [MACAddress] {
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.quietTime = 0
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "f:1")]
        fleet.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop")), place: "f:1")]
        let macs = (1...6).compactMap { MACAddress(octets: [0x52, 0x54, 0, 0x77, 0, UInt8($0)]) }
        fleet.resources = macs.enumerated().map { Declared(Bench.host($0 + 1, $1), place: "f:1") }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        try running(&bench)
        for (number, mac) in macs.enumerated().dropFirst() { try bench.boot(mac, id: "boot-\(number)") }
        bench.pass(1_000, beating: macs)
        return macs
    }

    @Test func theFirstOneThatReturnsFromAnIsolationCondemnsNobody() throws {
        var bench = Bench()
        let macs = try six(&bench)
        bench.pass(60_000, beating: Array(macs[4...]))
        #expect(bench.count("resource.held") == 4)
        bench.pass(3_000, beating: [macs[0]] + macs[4...])
        bench.pass(3_000, beating: [macs[0], macs[1]] + macs[4...])
        #expect(bench.count("resource.failed") == 0)
        // node4 alone stays silent for the detection time after the isolation's end.
        bench.pass(3_000, beating: Array(macs[...2]) + macs[4...])
        #expect(bench.count("resource.failed") == 0)
        bench.pass(8_000, beating: Array(macs[...2]) + macs[4...])
        #expect(bench.events.filter { $0.name == "resource.failed" }.map(\.resource) == [ResourceID("node4")])
    }

    @Test func anIsolationThatEndsIsADeadline() throws {
        var bench = Bench()
        let macs = try six(&bench)
        bench.pass(60_000, beating: Array(macs[4...]))
        bench.pass(1_000, beating: Array(macs[...1]) + macs[4...])
        #expect(bench.count("resource.failed") == 0)
        let next = try #require(bench.engine.nextDeadline(now: bench.now))
        #expect(next - bench.now.monotonic <= 10_000)
    }

    /// node2 has a claim and was ordered on.
    private func starting(_ bench: inout Bench) throws -> RunID {
        bench.turn { engine, now in engine.tick(now: now) }
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try bench.answer(.success(.export(Export(epoch: Epoch(1), host: "10.77.0.1", port: 10_809, name: "x")))) {
            if case .openExport = $0 { true } else { false }
        }
        bench.step(run, "on", "resource.power_on", [bench.reference("node1")])
        return run
    }

    @Test func aMachineThatIsOffAgainWhileItStartsIsNotWaitedFor() throws {
        var bench = Bench()
        let run = try starting(&bench)
        bench.pass(1_000)
        // Not on yet: the order is under way.
        try bench.answer(.success(.power(.off)), where: isReading("node1"))
        bench.pass(1_000)
        #expect(bench.count("resource.failed") == 0)
        try bench.answer(.success(.done)) { if case .powerOn = $0 { true } else { false } }
        bench.step(run, "wait", "server.wait_ready", [["name": "shop"]])
        // Asked before the order was carried out.
        bench.pass(1_000)
        try bench.answer(.success(.power(.off)), where: isReading("node1"))
        bench.pass(1_000)
        #expect(bench.count("resource.failed") == 0)
        try bench.answer(.success(.power(.off)), where: isReading("node1"))
        bench.pass(500)
        #expect(bench.count("resource.failed") == 1)
        #expect(bench.errorCode(run, "wait") == "machine_failed")
    }

    @Test func aBootOfAMachineWhoseServerWasReadyHasARunToSeeToIt() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "wait", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        let before = bench.count("server.wanted")
        _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        #expect(bench.count("server.wanted") == before + 1)
        // A first boot has its run already, and one that asks again is the same boot.
        _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        #expect(bench.count("server.wanted") == before + 1)
    }

    @Test func aRunThatSwitchesOffAServersMachineAnswersForTheServer() throws {
        var bench = Bench()
        try running(&bench)
        let drain = bench.run()
        let before = bench.count("server.wanted")
        bench.step(drain, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("read back off"))) { $0.isPowerOff }
        #expect(bench.count("server.wanted") == before)
        // Once it is over and has left the server behind, that is told.
        bench.turn { engine, now in engine.runEnded(drain, .success(.null), now: now) }
        #expect(bench.count("server.blocked") >= 1)
        #expect(bench.engine.world.servers[ServerID("shop")]?.blocked != nil)
    }
}
