import MusterCore
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim
import Testing

@Suite struct SimulationTests {
    @Test func aHostThatHangsIsFencedAndItsServerRunsElsewhere() throws {
        let simulation = try Simulation.small()
        simulation.run(5_000)
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        let first = try #require(simulation.machine(of: "web1"))
        try simulation.command("crash \(first)")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" && simulation.machine(of: "web1") != first })
        #expect(simulation.machines[first]?.isOn == false)
        #expect(simulation.storage.count == 1)
        #expect(simulation.story.violations.isEmpty)
    }

    /// Thousands are played one after the other.
    @Test(arguments: [61_500, 75_000, 300_000]) func oneThatHasEndedIsNotKept(_ end: Int64) throws {
        weak var engine: SimulatedEngine?
        weak var machines: Machines?
        let hosts = Kept()
        do {
            let maker = Proving.hostMaker(Project.sources)
            let simulation = Simulation(fleet: try Fleets.small(hosts: 3, servers: 2), seed: 3) { turns in
                let host = try maker(turns)
                hosts.add(host.runs)
                return host
            }
            (engine, machines) = (simulation.engine, simulation.machines)
            try simulation.start()
            simulation.run(5_000)
            for command in ["server web1 start", "server web2 start"] { try simulation.command(command) }
            // It ends at rest, or while its policies work.
            simulation.run(55_000)
            try simulation.command("engine crash 1s")
            try simulation.command("crash node1")
            simulation.run(end - 60_000)
            #expect(hosts.alive > 0)
            simulation.end()
        }
        #expect(engine == nil && machines == nil && hosts.alive == 0)
    }

    private final class Kept {
        private final class Reference { weak var object: AnyObject? }
        private var references: [Reference] = []
        func add(_ object: any RunHost) {
            let reference = Reference()
            reference.object = object as AnyObject
            references.append(reference)
        }
        var alive: Int { references.count { $0.object != nil } }
    }

    @Test func whatWasNotDurableIsLostAndWhatWasIsNot() throws {
        // Killed at every millisecond of the first moments of a start, it always comes to the same end.
        for moment in stride(from: Int64(1), through: 400, by: 7) {
            let simulation = try Simulation.small()
            simulation.run(5_000)
            try simulation.command("server web1 start")
            simulation.run(moment)
            let wasWanted = simulation.eventNames().contains("server.wanted")
            try simulation.command("engine crash 1s")
            simulation.run(180_000)
            #expect(simulation.story.violations.isEmpty, "killed after \(moment) ms")
            #expect(simulation.serverState("web1") == (wasWanted ? "running" : "stopped"), "killed after \(moment) ms")
        }
    }

    @Test func machinesThatAreWellCostNothing() throws {
        let simulation = try Simulation.small(hosts: 10, servers: 5)
        simulation.run(5_000)
        for number in 1...5 { try simulation.command("server web\(number) start") }
        simulation.run(120_000)
        let (looks, commits) = (simulation.engine.engine.looks, simulation.engine.store.commits)
        // The fence ladders are tried every six hours.
        simulation.run(5 * 3_600_000)
        #expect(simulation.engine.engine.looks == looks)
        #expect(simulation.engine.store.commits == commits)
        #expect(simulation.serverState("web1") == "running")
    }

    @Test func aLoopThatStandsStillDoubtsItselfAndAQuietDayDoesNot() throws {
        let simulation = try Simulation.small()
        simulation.run(3_600_000)
        #expect(!simulation.eventNames().contains("engine.stalled"))
        try simulation.command("engine stall 9s")
        simulation.run(20_000)
        #expect(simulation.eventNames().contains("engine.stalled"))
    }

    @Test func aFullDiskTakesNothingNewAndForgetsNothing() throws {
        let simulation = try Simulation.small()
        simulation.run(5_000)
        try simulation.command("disk full")
        simulation.run(1_000)
        #expect(simulation.eventNames().contains("store.full"))
        try simulation.command("disk free")
        simulation.run(2_000)
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
    }

    @Test func aControllerThatDeceivesBreaksARuleAndIsSeen() throws {
        let simulation = try Simulation.small()
        simulation.run(5_000)
        try simulation.command("server web1 start")
        #expect(simulation.run(120_000) { simulation.serverState("web1") == "running" })
        let first = try #require(simulation.machine(of: "web1"))
        try simulation.command("bmc \(first) deceive")
        try simulation.command("crash \(first)")
        simulation.run(120_000)
        #expect(simulation.story.violations.first?.contains("\(first) is on, and evidence") == true, "\(simulation.story.violations)")
    }

    @Test func noMachineAndNoServerOfTheNameIsSaidSo() throws {
        let simulation = try Simulation.small()
        let machine = try #require(throws: MusterError.self) { try simulation.command("crash nod1") }
        #expect(machine.hint == "did you mean node1?")
        let export = try #require(throws: MusterError.self) { try simulation.command("export web1 die") }
        #expect(export.code == .notFound)
    }
}

extension Simulation {
    var storage: [Epoch] { machines.storage.openEpochs }
}
