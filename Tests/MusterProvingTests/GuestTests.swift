import MusterProving
import MusterSim
import Testing

/// Virtual machines live and die with the machine that carries them.
@Suite struct GuestTests {
    /// node2 and node3 are guests of node1, which idles; web1 runs on node2.
    private func carried() throws -> Simulation {
        let simulation = try Simulation.small(hosts: 4)
        simulation.run(5_000)
        for line in ["power node1 on", "guest node2 of node1", "guest node3 of node1"] { try simulation.command(line) }
        simulation.run(60_000)
        try simulation.command("maintenance node1 on")
        try simulation.command("maintenance node3 on")
        try simulation.command("maintenance node4 on")
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        #expect(simulation.machine(of: "web1") == "node2")
        try simulation.command("maintenance node4 off")
        return simulation
    }

    @Test func aGuestDiesWithItsHypervisorAndItsControllerToo() throws {
        let simulation = try carried()
        try simulation.command("power node1 off")
        #expect(simulation.machines["node2"]?.isOn == false)
        // Its controller lives on the machine that is off, so nothing proves the guest off: its export is cut.
        simulation.run(60_000)
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        #expect(simulation.machine(of: "web1") == "node4")
        #expect(simulation.engine.store.allEvents.last { $0.name == "resource.fenced" }?.data["evidence"] == "revoked")
        #expect(simulation.story.violations.isEmpty)
    }

    @Test func aHypervisorThatHangsTakesItsGuestsWithItAndGivesThemBack() throws {
        let simulation = try carried()
        try simulation.command("disarm")
        try simulation.command("crash node1")
        #expect(simulation.run(30_000) { simulation.serverState("web1") == "blocked" })
        try simulation.command("thaw node1")
        #expect(simulation.run(30_000) { simulation.serverState("web1") == "running" })
        #expect(simulation.machine(of: "web1") == "node2")
    }

    @Test func aGuestCannotBeSwitchedOnWithoutItsHypervisor() throws {
        let simulation = try Simulation.small()
        try simulation.command("guest node2 of node1")
        try simulation.command("power node2 on")
        #expect(simulation.machines["node2"]?.isOn == false)
        try simulation.command("guest node2 of node2")
        try simulation.command("power node2 on")
        #expect(simulation.machines["node2"]?.isOn == true)
    }
}
