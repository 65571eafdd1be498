import MusterCore
import Testing

@testable import MusterEngine

/// A machine speaks while its controller reads off: that one is another machine's, or lies.
@Suite struct ContradictionTests {
    private let node1 = ResourceID("node1")

    /// node1 idles and beats; its controller, which is cabled to another machine and tells no GUID, has read off, twice.
    private func contradicted(ladder: [FenceRung]? = nil, claimed: Bool = false, bmc: Bool = true) throws -> Bench {
        var bench = Bench()
        if !bmc, var host = bench.node1 {
            host.bmc = nil
            bench.turn { engine, _ in engine.world.put(host) }
        }
        if let ladder { try bench.declare(ladder: ladder) }
        if claimed {
            let run = try bench.runShop()
            bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        } else {
            try bench.boot(Bench.mac, id: "b1")
        }
        for _ in 1...2 {
            bench.pass(1_000, beating: [Bench.mac])
            bench.milliseconds += 250
            bench.reads("node1", .off)
            bench.pass(4_000, beating: [Bench.mac])
        }
        return bench
    }

    @Test func oneReadingOfOffDoesNotResetAnIdleMachineThatSpeaks() throws {
        var bench = Bench()
        try bench.boot(Bench.mac, id: "b1")
        bench.reads("node1", .on)
        bench.pass(1_000, beating: [Bench.mac])
        bench.milliseconds += 250
        bench.reads("node1", .off)
        #expect(bench.node1?.liveness == .unknown && bench.count("resource.power_off") == 1)
        bench.milliseconds += 750
        #expect(bench.beat(Bench.mac) == .ok)
        #expect(bench.node1?.liveness == .alive && bench.count("resource.returned") == 1)
    }

    @Test func itsControllerIsAtFaultUntilItReadsOn() throws {
        var bench = try contradicted()
        #expect(bench.node1?.bmcFault?.code == .bmcContradicted)
        #expect(bench.node1?.power == .unknown && bench.node1?.liveness == .alive)
        #expect(bench.count("resource.bmc_fault") == 1)
        bench.milliseconds += 250
        bench.reads("node1", .off)
        #expect(bench.count("resource.bmc_fault") == 1 && bench.count("resource.bmc_answers") == 0, "it is told once")
        bench.milliseconds += 250
        bench.reads("node1", .on)
        #expect(bench.node1?.bmcFault == nil && bench.node1?.power == .on && bench.count("resource.bmc_answers") == 1)
        #expect(bench.node1?.incarnation == 1, "it was never off")
    }

    @Test func anotherBootBeginsAnew() throws {
        var bench = try contradicted()
        try bench.boot(Bench.mac, id: "b2")
        bench.milliseconds += 1_000
        bench.reads("node1", .off)
        #expect(bench.node1?.power == .off, "it may have gone off since")
    }

    @Test func aReadingOfOffIsNoSecondWitnessOfItsDeath() throws {
        var bench = try contradicted(claimed: true)
        bench.pass(5_000)
        bench.reads("node1", .off)
        bench.pass(1_000)
        #expect(bench.count("resource.suspect") == 1 && bench.count("resource.failed") == 0)
        bench.pass(4_500)
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func itsFenceGoesByTheNextRung() throws {
        var bench = try contradicted(ladder: [FenceRung(.bmc), FenceRung(.storage)], claimed: true)
        bench.pass(11_000)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        #expect(!bench.operations.contains { $0.operation.isPowerOff }, "it would switch off another machine, or prove nothing")
        let told = bench.events.last { $0.name == "fence.rung_failed" }
        #expect(told?.data["code"] == "bmc_contradicted" && told?.data["rung"] == "bmc")
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(10_500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
    }

    @Test func anAgentInItsPlaceIsTheSameAndARungThatIsNotThereFailsNobody() throws {
        let agent = FenceAgent(program: "fence_apc", options: ["plug": "3"], secrets: [:])
        var bench = try contradicted(
            ladder: [FenceRung(.bmc), FenceRung(.agent, agent: agent), FenceRung(.storage)], claimed: true, bmc: false)
        bench.pass(11_000)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        #expect(bench.events.filter { $0.name == "fence.rung_failed" }.map { $0.data["rung"] } == ["fence_apc"])
        #expect(bench.operations.contains { $0.operation.isCut })
    }

    @Test func itIsNotSwitchedByThatController() throws {
        var bench = try contradicted()
        for order in ["resource.power_on", "resource.power_off", "resource.shut_down"] {
            let run = bench.run()
            bench.step(run, "order", order, [bench.reference("node1")])
            #expect(bench.errorCode(run, "order") == .bmcContradicted, "\(order)")
        }
    }

    @Test func theCheckBeforeTheNightFindsIt() throws {
        var bench = try contradicted()
        _ = try bench.turn { engine, now in try engine.checkFences([node1], now: now) }
        try bench.answer(.success(.words("reads off; it has no GUID"))) { $0.asks(.bmc) }
        try bench.answer(.success(.words("nothing is exported to it now"))) { $0.asks(.storage) }
        let found = try #require(bench.node1?.fenceCheck)
        #expect(found.rungs.map(\.state) == [.fails, .works])
        #expect(
            found.rungs[0].detail.contains("node1 spoke after its BMC had begun to read off")
                && found.rungs[0].hint?.contains("cabling") == true)
    }
}
