import MusterCore
import Testing

@testable import MusterEngine

/// Virtual machines are switched and fenced by their hypervisors.
@Suite struct HypervisorTests {
    private static let silent = MusterError(.hypervisorSilent, "node1 does not answer", hint: "look at it")

    /// shop runs on web-a, which hangs and is being fenced; node1 beats on.
    private func fencing() throws -> (bench: Bench, run: RunID) {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        bench.pass(11_000, beating: [Bench.mac])
        #expect(bench.machine("web-a")?.failure != nil && bench.machine("node1")?.liveness == .alive)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        return (bench, run)
    }

    // MARK: The rung

    @Test func aGuestThatHangsIsDestroyedAndReadBack() throws {
        var (bench, run) = try fencing()
        let guest = try #require(bench.operations.compactMap(\.operation.destroyed).last)
        #expect(guest.name == ResourceID("web-a") && guest.hypervisor == ResourceID("node1") && guest.memoryMiB == 256)
        try bench.answer(.success(.words("node1: destroyed, and read back off"))) { $0.destroyed != nil }
        let evidence = try #require(bench.evidence(run, "fence"))
        #expect(evidence.kind == .off && evidence.epoch == Epoch(1) && evidence.hypervisor == nil)
        #expect(!bench.operations.contains { $0.operation.isCut || $0.operation.isHypervisorReading })
        #expect(bench.machine("web-a")?.state(claimed: true) == .fenced)
    }

    @Test func aHypervisorThatIsSilentAndOnMeansTheNextRung() throws {
        var (bench, run) = try fencing()
        try bench.answer(.failure(Self.silent)) { $0.destroyed != nil }
        #expect(bench.count("fence.rung_failed") == 0, "it may be off itself")
        try bench.answer(.success(.power(.on)), where: \.isHypervisorReading)
        let failed = bench.events.last { $0.name == "fence.rung_failed" }?.data
        #expect(failed?["rung"] == "hypervisor" && failed?["code"] == "hypervisor_silent")
        #expect(bench.operations.contains { $0.operation.isCut } && bench.outcome(run, "fence") == nil)
    }

    @Test func thatAHypervisorIsNotThereIsNoNewsAboutItsGuests() throws {
        var bench = Bench()
        try bench.declareGuests()
        func fails(_ step: String) throws {
            bench.step(bench.run(), step, "resource.read_power", [["name": "web-a"]])
            try bench.answer(.failure(Self.silent)) { if case .readPower(ResourceID("web-a"), _, _) = $0 { true } else { false } }
        }
        try fails("off")
        #expect(bench.count("resource.bmc_fault") == 0 && bench.machine("web-a")?.bmcFault == nil)
        try bench.boot(Bench.mac, id: "boot-node1")
        try fails("there")
        #expect(bench.count("resource.bmc_fault") == 1, "one that is there and does not answer is")
    }

    @Test func aHypervisorThatNeverAnswersDoesNotKeepTheLadder() throws {
        var (bench, _) = try fencing()
        bench.pass(76_000, beating: [Bench.mac])
        #expect(bench.events.last { $0.name == "fence.rung_failed" }?.data["code"] == "timeout")
        #expect(bench.operations.contains { $0.operation.isCut })
    }

    @Test func aHypervisorThatIsOffHasNoGuestThatIsOn() throws {
        var (bench, run) = try fencing()
        try bench.answer(.failure(Self.silent)) { $0.destroyed != nil }
        try bench.answer(.success(.power(.off)), where: \.isHypervisorReading)
        let evidence = try #require(bench.evidence(run, "fence"))
        #expect(evidence.kind == .off && evidence.hypervisor == ResourceID("node1") && evidence.detail.contains("node1 is off"))
        #expect(bench.count("resource.fenced") == 1 && bench.count("fence.rung_failed") == 0)
    }

    @Test func aReadingOfAnotherMachinesControllerIsNoEvidence() throws {
        var (bench, _) = try fencing()
        try bench.answer(.failure(Self.silent)) { $0.destroyed != nil }
        try bench.answer(.failure(MusterError(.bmcIdentity, "it is another's")), where: \.isHypervisorReading)
        #expect(bench.events.last { $0.name == "fence.rung_failed" }?.data["code"] == "hypervisor_silent")
        #expect(bench.evidence(about: "web-a") == nil)
    }

    @Test func thatAHypervisorHasNoSuchGuestIsNoProofAboutOneThatWasBooted() throws {
        var (bench, _) = try fencing()
        try bench.answer(.success(.absent("node1 has no guest web-a"))) { $0.destroyed != nil }
        #expect(bench.events.last { $0.name == "fence.rung_failed" }?.data["code"] == "guest_absent")
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading }, "it runs elsewhere: node1 says nothing about it")
        #expect(bench.operations.contains { $0.operation.isCut })
    }

    @Test func aHostPassesTheRungOver() throws {
        var bench = Bench()
        try bench.declareGuests()
        #expect(bench.engine.objection(to: FenceRung(.hypervisor), bench.node1!, epoch: nil) == "it is no virtual machine")  // declared above
        #expect(bench.machine("web-a")?.ladder.map(\.name) == ["hypervisor", "storage"])
    }

    @Test func theRungIsTriedWithoutHarm() throws {
        var bench = Bench()
        try bench.declareGuests()
        _ = try bench.turn { engine, now in try engine.checkFences([ResourceID("web-a")], now: now) }
        try bench.answer(.failure(Self.silent)) {
            if case .checkRung(let question) = $0 {
                question.rung.kind == .hypervisor && question.guest?.name == ResourceID("web-a")
            } else {
                false
            }
        }
        let rungs = bench.engine.fenceCheckValues([ResourceID("web-a")]).array?.first?["rungs"]
        #expect(rungs == nil || rungs?.isNull == true, "the storage has not answered")
        try bench.answer(.success(.words("nothing is exported"))) { if case .checkRung = $0 { true } else { false } }
        #expect(bench.machine("web-a")?.fenceCheck?.rungs.map(\.state) == [.fails, .works])
    }

    // MARK: Orders

    @Test func ordersHaveNumbersThatGrowAlsoOverARestart() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.boot(Bench.mac, id: "h")
        bench.reads("web-a", .off)
        let run = bench.run()
        bench.step(run, "on", "resource.power_on", [bench.reference("web-a")])
        let first = try #require(bench.operations.compactMap(\.operation.started).last)
        bench.step(run, "off", "resource.power_off", [bench.reference("web-a")])
        let second = try #require(bench.operations.compactMap(\.operation.destroyed).last)
        #expect(first.order > 0 && second.order > first.order)
        #expect(bench.engine.world.general.lastOrder == second.order)
        let general = bench.batches.flatMap(\.changes).last { if case .general = $0 { true } else { false } }
        guard case .general(let stored)? = general else { Issue.record("nothing is stored"); return }
        #expect(stored.lastOrder == second.order, "the next engine goes on from there")
    }

    @Test func aVirtualMachineIsReadAndSwitchedByItsHypervisor() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.boot(Bench.mac, id: "h")
        let run = bench.run()
        bench.step(run, "read", "resource.read_power", [bench.reference("web-a")])
        try bench.answer(.success(.absent("node1 has no guest web-a"))) {
            if case .readPower(ResourceID("web-a"), .hypervisor(let guest), _) = $0 { guest.order == 0 } else { false }
        }
        #expect(bench.outcome(run, "read") == .value("off"), "it was never started")
        bench.step(run, "on", "resource.power_on", [bench.reference("web-a")])
        try bench.answer(.success(.done)) { $0.started != nil }
        #expect(bench.machine("web-a")?.power == .on)
        bench.step(run, "soft", "resource.shut_down", [bench.reference("web-a")])
        #expect(bench.operations.contains { if case .softOff(ResourceID("web-a"), .hypervisor) = $0.operation { true } else { false } })
        bench.step(run, "device", "resource.set_boot_device", [bench.reference("web-a"), "pxe"])
        #expect(bench.errorCode(run, "device") == .wrongState)
    }

    @Test func aGuestThatRunsElsewhereIsNotStartedTwice() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        let run = bench.run()
        bench.step(run, "read", "resource.read_power", [bench.reference("web-a")])
        try bench.answer(.success(.absent("node1 has no guest web-a"))) {
            if case .readPower(ResourceID("web-a"), _, _) = $0 { true } else { false }
        }
        #expect(bench.errorCode(run, "read") == .guestAbsent && bench.machine("web-a")?.power != .off)
        #expect(bench.events.last { $0.name == "resource.bmc_fault" }?.data["code"] == "guest_absent")
        bench.step(run, "on", "resource.power_on", [bench.reference("web-a")])
        #expect(bench.errorCode(run, "on") == .guestAbsent)
        // Also when its hypervisor is silent, or off: it is not there.
        bench.milliseconds += 250
        bench.step(run, "again", "resource.read_power", [bench.reference("web-a")])
        try bench.answer(.failure(Self.silent)) { if case .readPower(ResourceID("web-a"), _, _) = $0 { true } else { false } }
        #expect(bench.machine("web-a")?.strayed == true)
        bench.pass(11_000)
        bench.step(run, "fence", "resource.fence", [bench.reference("web-a")])
        #expect(!bench.operations.contains { $0.operation.destroyed != nil } && bench.operations.contains { $0.operation.isCut })
        bench.step(run, "hypervisor", "resource.fence", [bench.reference("node1")])
        try bench.answer(.success(.words("read back off"))) { $0.switchesOff("node1") }
        #expect(!bench.operations.contains { $0.operation.isHypervisorReading })
        // Seen where it belongs, it is what it was.
        bench.milliseconds += 250
        bench.step(run, "back", "resource.read_power", [bench.reference("web-a")])
        try bench.answer(.success(.power(.on))) { if case .readPower(ResourceID("web-a"), _, _) = $0 { true } else { false } }
        #expect(bench.machine("web-a")?.strayed == nil)
    }

    @Test func onlyAGuestThatIsKnownToBeOffIsCreatedAnew() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.boot(Bench.mac, id: "h")
        let run = bench.run()
        bench.step(run, "new", "resource.power_on", [bench.reference("web-a")])
        #expect(bench.operations.compactMap(\.operation.started).last?.mustBeThere == false)
        try bench.answer(.success(.done)) { $0.started != nil }
        try bench.boot(Bench.guestMAC, id: "guest")
        // It beats, and nobody has asked node1 for it since: somebody may have moved it.
        bench.step(run, "again", "resource.power_on", [bench.reference("web-a")])
        #expect(bench.operations.compactMap(\.operation.started).last?.mustBeThere == true)
        try bench.answer(.failure(MusterError(.guestAbsent, "node1 has no guest web-a"))) { $0.started != nil }
        #expect(bench.errorCode(run, "again") == .guestAbsent && bench.machine("web-a")?.strayed == true)
    }

    @Test func whatARestoredEngineIsToldOfAGuestThatIsAbsentSaysNothing() throws {
        var bench = Bench()
        try bench.declareGuests()
        bench.turn { engine, now in engine.restore(backup: now.wall, operatorName: "Ann", now: now) }
        let run = bench.run()
        bench.step(run, "read", "resource.read_power", [bench.reference("web-a")])
        try bench.answer(.success(.absent("node1 has no guest web-a"))) {
            if case .readPower(ResourceID("web-a"), _, _) = $0 { true } else { false }
        }
        #expect(bench.errorCode(run, "read") == .guestAbsent)
        #expect(bench.machine("web-a")?.unproven == true, "it may have been declared elsewhere since the backup")
        // Nor is its hypervisor's end: it may be on another by now.
        bench.reads("node1", .off)
        #expect(bench.machine("node1")?.unproven == nil && !bench.operations.contains { $0.operation.isHypervisorReading })
    }

    @Test func aHypervisorIsNotSwitchedOffUnderTheServersOfItsGuests() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        let run = bench.run()
        for order in ["power_off", "shut_down"] {
            bench.step(run, order, "resource.\(order)", [bench.reference("node1")])
            guard case .error(let error)? = bench.outcome(run, order) else { Issue.record("\(order) is obeyed"); continue }
            #expect(error.code == .wrongState && error.message.contains("web-a (shop)"), "\(error)")
        }
        bench.step(run, "claim", "server.claim", [["name": "till"], ["name": "node1"]])
        #expect(bench.errorCode(run, "claim") == .wrongState, "its boot would end them too")
    }

    @Test func aHypervisorWhoseHeartbeatsStoppedIsSwitchedOffOnlyOnceItsGuestsAreSilentToo() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        bench.pass(11_000, beating: [Bench.guestMAC])
        #expect(bench.machine("node1")?.failure != nil && bench.machine("web-a")?.liveness == .alive)
        let run = bench.run()
        bench.step(run, "early", "resource.power_off", [bench.reference("node1")])
        #expect(bench.errorCode(run, "early") == .wrongState)
        bench.pass(4_000)
        bench.step(run, "late", "resource.power_off", [bench.reference("node1")])
        #expect(bench.operations.contains { $0.operation.switchesOff("node1") })
    }

    @Test func anEngineWithoutADriverSaysSo() async throws {
        let guest = Guest(Bench.guest("web-a", Bench.guestMAC), of: ResourceID("node1"), at: nil)
        let error = await #expect(throws: MusterError.self) { try await NoHypervisors().state(of: guest) }
        #expect(error?.code == .noHypervisorDriver && error?.hint != nil && error?.message.contains("node1") == true)
    }
}
