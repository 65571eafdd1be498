import MusterCore
import Testing

@testable import MusterEngine

/// What the end of a hypervisor says about its guests, and what it does not.
@Suite struct HypervisorOffTests {
    /// shop runs on web-a and till on web-b; node1 carries both.
    private func running() throws -> Bench {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        try bench.runGuest("till", on: "web-b", Bench.otherGuestMAC)
        return bench
    }

    /// Fences node1, whose controller reads it back off.
    @discardableResult
    private func fence(_ bench: inout Bench) throws -> RunID {
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("read back off"))) { $0.switchesOff("node1") }
        return run
    }

    @Test func oneFenceIsEvidenceAboutAllItsGuests() throws {
        var bench = try running()
        bench.pass(11_000)
        try fence(&bench)
        #expect(bench.evidence(about: "web-a") == nil, "it was read once more, for what it says about them")
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        for (name, epoch) in [("web-a", 1), ("web-b", 2)] {
            let evidence = try #require(bench.evidence(about: name))
            #expect(evidence.kind == .off && evidence.epoch == Epoch(Int64(epoch)) && evidence.hypervisor == ResourceID("node1"))
            #expect(bench.machine(name)?.state(claimed: true) == .fenced)
        }
        #expect(bench.count("resource.fenced") == 3 && !bench.operations.contains { $0.operation.destroyed != nil })
        let run = bench.run()
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.events.last { $0.name == "claim.ended" }?.data["evidence"] == "off")
    }

    @Test func aGuestThatIsHeardIsElsewhere() throws {
        var bench = try running()
        bench.pass(11_000, beating: [Bench.otherGuestMAC])
        try fence(&bench)
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") != nil && bench.evidence(about: "web-b") == nil)
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading }, "nobody waits for another look")
    }

    @Test func aReadingFromBeforeAGuestWasLastHeardIsNone() throws {
        var bench = try running()
        bench.pass(4_000)
        #expect(bench.machine("web-a")?.liveness == .silent)
        try fence(&bench)
        let index = try #require(bench.operations.lastIndex { $0.operation.isHypervisorReading })
        let old = bench.operations.remove(at: index)
        // It beats after the question went out, and falls silent again before the answer is there.
        bench.milliseconds += 250
        _ = bench.beat(Bench.guestMAC)
        bench.pass(3_500)
        bench.turn { engine, now in engine.operationFinished(old.id, .success(.power(.off)), now: now) }
        #expect(bench.evidence(about: "web-a") == nil && bench.evidence(about: "web-b") != nil)
        // Another look, after it was heard, settles it.
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a")?.hypervisor == ResourceID("node1"))
    }

    @Test func aGuestThatFallsSilentAfterTheFenceIsLookedAtThen() throws {
        var bench = try running()
        bench.pass(1_000)
        try fence(&bench)
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading }, "both count as alive")
        bench.pass(2_500)
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") != nil && bench.evidence(about: "web-b") != nil)
        #expect(bench.count("resource.failed") == 0, "their silence was not waited for")
    }

    @Test func aHypervisorThatReadsOnIsNone() throws {
        var bench = try running()
        bench.pass(11_000)
        try fence(&bench)
        try bench.answer(.success(.power(.on)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") == nil)
    }

    @Test func anOperatorWhoSawItOffSawItsGuestsOff() throws {
        var bench = try running()
        bench.pass(11_000, beating: [Bench.otherGuestMAC])
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now) }
        let evidence = try #require(bench.evidence(about: "web-a"))
        #expect(evidence.kind == .manual && evidence.operatorName == "maria" && evidence.detail.contains("hypervisor node1"))
        #expect(bench.evidence(about: "web-b") == nil, "it beats, whatever anybody saw")
        // The word was given before it fell silent.
        bench.pass(20_000)
        #expect(bench.evidence(about: "web-b") == nil)
    }

    @Test(arguments: [Evidence.Kind.revoked, .expired])
    func whatElseIsKnownOfAHypervisorSaysNothing(_ kind: Evidence.Kind) throws {
        var bench = try running()
        bench.pass(11_000)
        bench.turn { engine, now in
            guard let node1 = engine.world.resources[ResourceID("node1")] else { return }
            engine.fenced(node1, engine.record(kind, node1.id, epoch: nil, detail: "seen", now: now), now: now)
        }
        #expect(bench.evidence(about: "web-a") == nil && !bench.operations.contains { $0.operation.isHypervisorReading })
    }

    // MARK: Guests that outlive it, and controllers that are contradicted

    @Test func aGuestThatBeatsAfterItsHypervisorWentOffIsElsewhereAlsoWhenItHangs() throws {
        var bench = try running()
        bench.reads("node1", .off)
        bench.pass(20_000, beating: [Bench.guestMAC])
        #expect(bench.evidence(about: "web-b") == nil, "nobody has looked")
        bench.pass(3_000)
        #expect(bench.machine("web-a")?.liveness == .silent && bench.machine("web-a")?.strayed == true)
        #expect(bench.events.last { $0.name == "resource.bmc_fault" && $0.resource?.rawValue == "web-a" }?.data["code"] == "guest_absent")
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(
            bench.evidence(about: "web-a") == nil && bench.evidence(about: "web-b")?.hypervisor == ResourceID("node1"),
            "web-b fell silent with it")
        bench.pass(11_000)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        #expect(bench.operations.contains { $0.operation.isCut }, "its hypervisor is not asked")
    }

    @Test func aControllerThatReadsOffWhileItsHypervisorBeatsIsNotBelieved() throws {
        var bench = try running()
        bench.reads("node1", .off)
        // The controller is another machine's: node1 beats on, and only web-a hangs.
        bench.pass(20_000, beating: [Bench.mac, Bench.otherGuestMAC])
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading } && bench.evidence(about: "web-a") == nil)
        #expect(bench.machine("web-b")?.strayed == nil)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        try bench.answer(.failure(MusterError(.hypervisorSilent, "node1 does not answer"))) { $0.destroyed != nil }
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") == nil && bench.operations.contains { $0.operation.isCut })
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading }, "it is not asked again and again")
    }

    @Test func aHypervisorThatIsHeardAfterTheQuestionWasNotOff() throws {
        var bench = try running()
        bench.pass(11_000)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        try bench.answer(.failure(MusterError(.hypervisorSilent, "node1 does not answer"))) { $0.destroyed != nil }
        bench.milliseconds += 250
        _ = bench.beat(Bench.mac)
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") == nil && bench.operations.contains { $0.operation.isCut })
    }

    @Test(arguments: [MusterError.Code.stillOn, .hypervisorRefused])
    func aHypervisorThatAnsweredIsNotOff(_ code: MusterError.Code) throws {
        var bench = try running()
        bench.pass(11_000)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        try bench.answer(.failure(MusterError(code, "node1 says so"))) { $0.destroyed != nil }
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading }, "whatever its controller reads")
        #expect(bench.operations.contains { $0.operation.isCut })
    }

    @Test func aHypervisorThatIsBeingSwitchedOnIsNotAskedOverAndOver() throws {
        var bench = try running()
        bench.pass(11_000)
        try fence(&bench)
        let run = bench.run()
        bench.step(run, "on", "resource.power_on", [bench.reference("node1")])
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        #expect(bench.evidence(about: "web-a") == nil, "it may read on by now")
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading })
    }

    // MARK: It comes back

    @Test func evidenceIsVoidWhenTheHypervisorShowsLife() throws {
        var bench = try running()
        bench.pass(11_000)
        try fence(&bench)
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        let failures = bench.events.filter { $0.name == "resource.failed" && $0.resource?.rawValue == "web-a" }.count
        try bench.boot(Bench.mac, id: "again")
        #expect(bench.evidence(about: "web-a")?.voided?.contains("hypervisor node1") == true)
        #expect(bench.machine("web-a")?.failure != nil && bench.machine("web-a")?.failure?.fenced == nil)
        #expect(
            bench.events.filter { $0.name == "resource.failed" && $0.resource?.rawValue == "web-a" }.count == failures + 1,
            "somebody has to fence it again")
        let run = bench.run()
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "move") == .evidenceVoid)
    }

    @Test func aGuestThatWasOffWithItsHypervisorIsThereAgainWithIt() throws {
        var bench = try running()
        bench.pass(11_000)
        try fence(&bench)
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        let run = bench.run()
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        try bench.boot(Bench.mac, id: "again")
        bench.milliseconds += 250
        bench.reads("web-a", .off)
        #expect(bench.machine("web-a")?.state(claimed: false) == .off)
        #expect(bench.engine.world.free.contains(ResourceID("web-a")))
    }

    @Test func aHypervisorAndItsGuestsAreOneMachineThatFellSilent() throws {
        var bench = try running()
        try bench.boot(Bench.otherMAC, id: "other")
        bench.pass(11_000, beating: [Bench.otherMAC])
        #expect(bench.count("resource.held") == 0 && bench.count("resource.failed") == 3)
    }
}
