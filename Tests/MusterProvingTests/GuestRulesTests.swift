import MusterCore
import MusterProving
import MusterScripting
import Testing

@testable import MusterEngine
@testable import MusterSim

/// What watches the rules from outside sees virtual machines as it sees others.
@Suite struct GuestRulesTests {
    /// web1 runs on a guest of node1.
    private func running() throws -> Simulation {
        let source = """
            boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
            for i = 1, 2 do
              host("node" .. i) { mac = "52:54:00:77:00:0" .. i, memory = "8G", bmc = { address = "bmc" .. i, user = "admin", password = secret "bmc" } }
            end
            vm "guest" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "4G" }
            image "web1" { path = "/dev/null" }
            server "web1" { image = "web1", memory = "1G", prefer = { "guest" }, avoid = { "node1" }, ready = { tcp = "10.77.0.100:80" } }
            """
        let simulation = Simulation(
            fleet: try FleetReader.readInline(source: source, file: "fleet.lua"), seed: 1, makeHost: Proving.hostMaker(Project.sources))
        try simulation.start()
        try simulation.command("power node1 on")
        simulation.run(60_000)
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        #expect(simulation.machine(of: "web1") == "guest" && simulation.story.violations.isEmpty)
        return simulation
    }

    @Test func evidenceAboutAGuestThatIsOnIsABrokenRule() throws {
        let simulation = try running()
        simulation.engine.turn { engine, now in
            _ = try? engine.poweredOff(
                ResourceID("guest"), epoch: Epoch(1), fence: true, hypervisor: ResourceID("node1"), .success(.words("")), now: now)
        }
        simulation.run(1_000)
        #expect(simulation.story.violations.first == "guest is on, and evidence 1 says that it is off")
    }

    @Test func aGuestThatIsStartedTwiceIsABrokenRule() throws {
        let simulation = try running()
        try simulation.command("power node2 on")
        simulation.run(60_000)
        let resource = try #require(simulation.engine.engine.world.resources[ResourceID("guest")])
        var guest = Guest(resource, of: ResourceID("node2"), at: nil)
        guest.order = 1_000
        simulation.machines.start(guest, 60_000) { _ in }
        simulation.run(1_000)
        #expect(simulation.story.violations == ["guest is started on node2, and runs on node1 too"])
    }

    @Test func whatARealFenceDoesIsNone() throws {
        let simulation = try running()
        try simulation.command("crash guest")
        #expect(simulation.run(120_000) { simulation.machine(of: "web1") == "node2" && simulation.serverState("web1") == "running" })
        #expect(simulation.story.violations.isEmpty)
    }
}
