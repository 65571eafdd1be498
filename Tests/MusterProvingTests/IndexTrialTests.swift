import MusterCore
import MusterProving
import MusterSim
import Testing

@testable import MusterEngine

/// What the engine keeps beside its objects is what a look at all of them finds, whatever befalls a fleet that has a machine too few.
@Suite struct IndexTrialTests {
    @Test(arguments: 1...8) func thoseThatWantAMachineAreKnown(_ seed: UInt64) throws {
        let fleet = try Fleets.small(hosts: 4, servers: 4)
        let trial = Trial(fleet: fleet, seed: seed, length: 1_800_000, count: 25)
        let simulation = Simulation(fleet: fleet, seed: seed, makeHost: Proving.hostMaker(Project.sources))
        var (most, wrong) = (0, [String]())
        simulation.story.observe = { entry in
            let world = simulation.engine.engine.world
            let known = world.contenders.ordered.map(\.id)
            let found = world.servers.values.filter(world.contends).map(\.id).sorted()
            if known.sorted() != found { wrong.append("after \(entry): \(known) are kept, \(found) are found") }
            most = max(most, found.count)
        }
        try simulation.start()
        for server in fleet.servers { try simulation.perform(.serverTarget(server.object.id.rawValue, .running)) }
        for line in trial.faults.flatMap(\.lines) {
            // What a fault names may be gone by then.
            simulation.agenda.after(line.at) { try? simulation.perform(line.command) }
        }
        simulation.run(3_000_000) { !wrong.isEmpty }
        #expect(wrong.isEmpty)
        #expect(most > 1, "several want one at once")
    }
}
