import MusterCore
import MusterProving
import MusterSim
import Testing

/// What simulated machines and their controllers say of themselves, beside being there.
@Suite struct ObservationTests {
    private func field(_ simulation: Simulation, _ machine: String, _ name: String) -> Value {
        simulation.engine.engine.resourceValues.array?.first { $0["name"].string == machine }?[name] ?? .null
    }

    @Test func heartbeatsCarryTheMemoryInUse() throws {
        let simulation = try Simulation.small()
        simulation.run(5_000)
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        let busy = try #require(simulation.machine(of: "web1"))
        let idle = try #require(simulation.machines.names.first { $0 != busy })
        try simulation.command("power \(idle) on")
        #expect(simulation.run(60_000) { !field(simulation, idle, "memory_used_mib").isNull })
        #expect(field(simulation, idle, "state") == "idle")
        let (all, ramdisk) = (
            try #require(field(simulation, busy, "memory_mib").int), try #require(field(simulation, idle, "memory_used_mib").int)
        )
        #expect(ramdisk > 0 && ramdisk < 128)
        let calm = try #require(field(simulation, busy, "memory_used_mib").int)
        #expect(calm > ramdisk && calm < all)
        try simulation.command("load \(busy) 2.5")
        simulation.run(5_000)
        let loaded = try #require(field(simulation, busy, "memory_used_mib").int)
        #expect(loaded > calm && loaded < all)
    }

    @Test func aControllerWithAMeterIsReadWhileItsMachineIsOn() throws {
        let simulation = try Simulation.small()
        simulation.run(5_000)
        for line in ["bmc node1 draws 70", "power node1 on", "power node2 on"] { try simulation.command(line) }
        simulation.run(60_000)
        #expect(field(simulation, "node1", "watts_now") == 70 && field(simulation, "node1", "watts_idle") == 70)
        #expect(field(simulation, "node2", "watts_now").isNull && field(simulation, "node2", "watts_idle").isNull)
        try simulation.command("bmc node1 draws 85")
        simulation.run(20_000)
        #expect(field(simulation, "node1", "watts_now") == 85)
        try simulation.command("bmc node1 silent")
        simulation.run(60_000)
        #expect(field(simulation, "node1", "watts_now").isNull, "nobody reads it")
        try simulation.command("bmc node1 ok")
        try simulation.command("bmc node1 draws 0")
        simulation.run(60_000)
        #expect(field(simulation, "node1", "watts_now").isNull && field(simulation, "node1", "watts_idle") == 85)
    }
}
