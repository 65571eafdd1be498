import MusterCore
import Testing

@testable import MusterEngine

/// A host without a BMC is switched by the fence agent of its ladder.
@Suite struct AgentPowerTests {
    private static let agent = FenceAgent(program: "fence_apc", options: ["plug": "3"])

    private func bench(_ ladder: [FenceRung]?, bmc: Bool = false) throws -> Bench {
        var bench = Bench()
        try bench.declareGuests { fleet in
            fleet.resources = Array(fleet.resources.prefix(2))
            fleet.resources[0].object.fence = ladder
            if !bmc { fleet.resources[0].object.bmc = nil }
        }
        return bench
    }

    @Test func itIsReadAndSwitchedOffAndOn() throws {
        var bench = try bench([FenceRung(.storage), FenceRung(.agent, agent: Self.agent)])
        let run = bench.run()
        bench.step(run, "read", "resource.read_power", [bench.reference("node1")])
        try bench.answer(.success(.power(.on))) { if case .readPower(_, .agent(Self.agent), _) = $0 { true } else { false } }
        #expect(bench.outcome(run, "read") == .value("on"))
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("fence_apc says off"))) {
            if case .powerOff(_, .agent(Self.agent), _, _, _, false) = $0 { true } else { false }
        }
        #expect(bench.evidence(run, "off")?.kind == .off && bench.node1?.power == .off)
        #expect(bench.engine.world.free.contains(ResourceID("node1")), "it can be woken and fenced")
        bench.step(run, "on", "resource.power_on", [bench.reference("node1")])
        try bench.answer(.success(.done)) { if case .powerOn(_, .agent(Self.agent), _, _) = $0 { true } else { false } }
        #expect(bench.node1?.power == .on)
        bench.step(run, "soft", "resource.shut_down", [bench.reference("node1")])
        #expect(bench.errorCode(run, "soft") == .noBMC)
    }

    @Test func aBMCComesFirst() throws {
        var bench = try bench([FenceRung(.bmc), FenceRung(.agent, agent: Self.agent)], bmc: true)
        let run = bench.run()
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        #expect(bench.operations.contains { $0.operation.switchesOff("node1") })
    }

    @Test func withoutEitherItIsAClearError() throws {
        var bench = try bench([FenceRung(.storage)])
        let run = bench.run()
        for order in ["power_on", "power_off", "read_power", "shut_down"] {
            bench.step(run, order, "resource.\(order)", [bench.reference("node1")])
            #expect(bench.errorCode(run, order) == .noBMC)
        }
    }

    @Test func itsProgramIsNotAskedWhileNothingHangsOnIt() throws {
        var bench = try bench([FenceRung(.agent, agent: Self.agent)])
        bench.pass(30_000)
        #expect(!bench.operations.contains { if case .readPower(ResourceID("node1"), _, _) = $0.operation { true } else { false } })
    }
}
