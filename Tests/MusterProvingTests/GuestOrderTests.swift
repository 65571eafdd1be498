import MusterCore
import MusterProving
import MusterScripting
import Testing

@testable import MusterEngine
@testable import MusterSim

/// Orders to a hypervisor that arrive late.
@Suite struct GuestOrderTests {
    private final class Answers {
        var all: [String: Result<OperationResult, MusterError>] = [:]
        func error(_ name: String) -> MusterError.Code? { if case .failure(let error)? = all[name] { error.code } else { nil } }
    }

    private func simulation() throws -> (Simulation, Guest) {
        let source = """
            boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
            host "node1" { mac = "52:54:00:77:00:01", memory = "8G", bmc = { address = "bmc1", user = "admin", password = secret "bmc" } }
            vm "guest" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "4G" }
            """
        let fleet = try FleetReader.readInline(source: source, file: "fleet.lua")
        let simulation = Simulation(fleet: fleet, seed: 1, makeHost: Proving.hostMaker(Project.sources))
        try simulation.start()
        try simulation.command("power node1 on")
        simulation.run(60_000)
        let resource = try #require(simulation.engine.engine.world.resources[ResourceID("guest")])
        return (simulation, Guest(resource, of: ResourceID("node1"), at: nil))
    }

    @Test func anOrderThatALaterOneOvertookIsRefused() throws {
        var (simulation, guest) = try simulation()
        let answers = Answers()
        guest.order = 5
        simulation.machines.start(guest, 60_000) { answers.all["start"] = $0 }
        guest.order = 7
        simulation.machines.destroy(guest, 60_000) { answers.all["destroy"] = $0 }
        simulation.run(10_000)
        #expect(answers.error("start") == .stale && answers.all["destroy"] == .success(.words("node1: destroyed, and read back off")))
        guest.order = 6
        simulation.machines.start(guest, 60_000) { answers.all["late"] = $0 }
        simulation.run(10_000)
        #expect(answers.error("late") == .stale && simulation.machines["guest"]?.isOn == false)
    }
}
