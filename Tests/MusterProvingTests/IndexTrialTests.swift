import MusterCore
import MusterProving
import MusterScripting
import Testing

@testable import MusterEngine
@testable import MusterSim

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

    private static let ladders = """
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        local ladders = {
          { "bmc", "storage" }, { { "bmc", timeout = "20s" }, "lease", "storage" }, { "storage" }, { "lease", "bmc" },
          { { "storage", timeout = "40s" }, "bmc" },
        }
        for i = 1, 5 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "8G", fence = ladders[i],
            bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        vm("guest1") { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "6G" }
        for i = 1, 4 do
          image("web" .. i) { path = "/dev/null" }
          server("web" .. i) { image = "web" .. i, memory = "2G", priority = i, ready = { tcp = "10.77.0.100:80" } }
        end
        """

    /// Also when settings change, machines are fenced by hand, or leave the fleet file and come back meanwhile.
    @Test(arguments: 1...4) func fencesAreLookedAtInTimeAndOrdersAreKnown(_ seed: UInt64) throws {
        let fleet = try FleetReader.readInline(source: Self.ladders, file: "fleet.lua")
        let trial = Trial(fleet: fleet, seed: seed, length: 1_800_000, count: 30)
        let simulation = Simulation(fleet: fleet, seed: seed, makeHost: Proving.hostMaker(Project.sources))
        try simulation.start()
        for number in 1...4 { try simulation.perform(.watchdog("node\(number)", .hard)) }
        for server in fleet.servers { try simulation.perform(.serverTarget(server.object.id.rawValue, .running)) }
        for line in trial.faults.flatMap(\.lines) { simulation.agenda.after(line.at) { try? simulation.perform(line.command) } }
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let length = Int64.random(in: 4...40, using: &random) * 1_000
            let (number, kind) = (Int.random(in: 0..<5, using: &random), Int.random(in: 0..<5, using: &random))
            simulation.agenda.after(Int64.random(in: 120_000...1_900_000, using: &random)) {
                try? self.disturb(simulation, kind, fleet.resources[number], length)
            }
        }
        var wrong: [String] = []
        simulation.run(2_600_000) {
            if simulation.engine.isRunning { wrong = self.disagreements(simulation.engine.engine, simulation.agenda.now) }
            return !wrong.isEmpty
        }
        #expect(wrong.isEmpty, "at \(simulation.elapsed) ms")
        #expect(simulation.eventNames().count { $0.hasPrefix("resource.fenced") } > 3)
    }

    private func disturb(_ simulation: Simulation, _ kind: Int, _ machine: Declared<Resource>, _ length: Int64) throws {
        switch kind {
        case 0: try simulation.apply { $0.settings.failedAfter = length }
        case 1: try simulation.apply { $0.settings.marginOfLeases = length }
        case 2: try simulation.apply { $0.settings.fenceTimeout = length }
        case 3: try simulation.perform(.fence(machine.object.id.rawValue))
        default:
            try simulation.apply { $0.resources.removeAll { $0.object.id == machine.object.id } }
            simulation.agenda.after(length) {
                try? simulation.apply { fleet in
                    fleet.resources.removeAll { $0.object.id == machine.object.id }
                    fleet.resources.append(machine)
                }
            }
        }
    }

    /// Where what is kept is not what a look at all steps and all fences finds.
    private func disagreements(_ engine: Engine, _ now: Now) -> [String] {
        let world = engine.world
        let steps = world.openSteps.values.flatMap(\.values)
        var wrong: [String] = []
        func compare<Kept: Equatable>(_ what: String, _ kept: Kept, _ found: Kept) {
            if kept != found { wrong.append("\(what): \(kept) is kept, \(found) is found") }
        }
        for id in world.resources.keys.sorted() {
            let orders = steps.filter { Effects.powerOrders.contains($0.name) && resourceID($0.arguments) == id }
            compare("orders to \(id)", world.powerOrders(to: id).map(\.address).sorted(), orders.map(\.address).sorted())
        }
        for id in world.servers.keys.sorted() {
            let waits = steps.filter { $0.name == "server.wait_ready" && $0.arguments.first?["name"].string == id.rawValue }
            compare("who waits for \(id)", world.readyWaits(for: id).map(\.address).sorted(), waits.map(\.address).sorted())
        }
        // What has changed is looked at in the next turn.
        guard world.changed.isEmpty else { return wrong }
        for (_, ladder) in world.resources.keys.sorted().flatMap(engine.ladders.of) {
            let proven = ladder.rung?.kind == .storage ? engine.silentSinceCut(ladder, now: now.monotonic) : nil
            let (silent, lease) = (proven?.advanced(by: world.general.settings.failedAfter), engine.leaseEnd(ladder, now: now.monotonic))
            guard let first = [ladder.deadline, silent, lease].compactMap({ $0 }).min() else { continue }
            if engine.ladders.nextLook.map({ $0 > first }) ?? true { wrong.append("the fence of \(ladder.resource) is looked at too late") }
        }
        return wrong
    }
}
