import Foundation
import MusterCore
import MusterProving
import MusterScripting
import MusterSim
import Testing

@Suite struct TrialTests {
    private func trial(_ seed: UInt64, count: Int = 20) throws -> Trial {
        Trial(fleet: try Fleets.small(hosts: 6, servers: 3), seed: seed, length: 1_800_000, count: count)
    }

    @Test func theSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws {
        let first = try trial(3).play(makeHost: Proving.hostMaker(Project.sources))
        let again = try trial(3).play(makeHost: Proving.hostMaker(Project.sources))
        #expect(first.log == again.log)
        #expect(first.faults == again.faults)
        #expect(first.events > 20)
        #expect(try trial(4).play(makeHost: Proving.hostMaker(Project.sources)).log != first.log)
    }

    /// A sample by a printed seed; `MUSTER_SEED` plays one again, `MUSTER_LONG=1` plays many.
    @Test func randomFaultsBreakNoRule() throws {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["MUSTER_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
        let count: UInt64 = environment["MUSTER_LONG"] == "1" ? 1_000 : 25
        print("random faults: seeds \(first) to \(first + count - 1)")
        for seed in first..<first + count {
            let outcome = try trial(seed).play(makeHost: Proving.hostMaker(Project.sources))
            #expect(outcome.violations.isEmpty, "MUSTER_SEED=\(seed): \(outcome.violations)")
        }
    }

    @Test func loadBefallsAFleetWithAPool() throws {
        var fleet = try Proving.fleet(hosts: 4)
        fleet.servers[0].object.pool = "web"
        let faults = Trial(fleet: fleet, seed: 1, length: 1_800_000, count: 600).faults
        #expect(Set(faults.map(\.kind)) == Set(Fault.Kind.allCases).subtracting([.hypervisor]))
    }

    @Test func everyKindOfFaultIsDrawnAndIsOverInTime() throws {
        let trial = try trial(1, count: 600)
        let faults = trial.faults
        #expect(
            Set(faults.map(\.kind)) == Set(Fault.Kind.allCases).subtracting([.load, .hypervisor]),
            "load is for pools, hypervisors are for virtual machines")
        #expect(faults.allSatisfy { fault in fault.lines.allSatisfy { (120_000...1_920_000).contains($0.at) } })
        // Each reads as the line of a scenario.
        for line in faults.flatMap(\.lines) {
            #expect(try Command(words: line.command.description.split(separator: " ").map(String.init)) == line.command)
        }
    }

    @Test func aBrokenRuleShrinksToTheFaultsThatShowIt() throws {
        let trial = try trial(5, count: 12)
        // Node1 deceives and hangs; whatever else happens has nothing to do with it.
        let cause = [
            Fault(kind: .bmc, lines: [.init(at: 130_000, command: .bmc("node1", .deceive))]),
            Fault(kind: .crash, lines: [.init(at: 140_000, command: .crash("node1"))]),
        ]
        let others = Trial(fleet: trial.fleet, seed: 5, length: 1_800_000, kinds: [.slow, .reboot], count: 12).faults
        let outcome = try trial.play(cause + others, makeHost: Proving.hostMaker(Project.sources))
        try #require(!outcome.violations.isEmpty)
        let small = try trial.shrink(outcome, makeHost: Proving.hostMaker(Project.sources))
        #expect(small.faults == cause)
        #expect(small.violations.first?.contains("node1") == true)
    }
}
