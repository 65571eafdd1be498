import Foundation
import MusterCore
import MusterProving
import MusterScripting
import MusterSim
import Testing

@testable import MusterEngine

/// Random faults on a fleet that needs its virtual machines, and what their hypervisors take.
@Suite struct GuestTrialTests {
    private static let fleet = """
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        for i = 1, 3 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "16G",
            bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        for i = 1, 4 do
          vm("guest" .. i) { hypervisor = "node" .. (i + 1) // 2, mac = "52:54:00:77:01:0" .. i, memory = "6G" }
        end
        for i = 1, 5 do
          image("web" .. i) { path = "/dev/null" }
          server("web" .. i) { image = "web" .. i, memory = "2G", priority = i, ready = { tcp = "10.77.0.100:80" } }
        end
        """

    private func trial(_ seed: UInt64, kinds: [Fault.Kind]? = nil) throws -> Trial {
        Trial(
            fleet: try FleetReader.readInline(source: Self.fleet, file: "fleet.lua"), seed: seed, length: 1_800_000, kinds: kinds, count: 20
        )
    }

    /// A sample by a printed seed; `MUSTER_SEED` plays one again, `MUSTER_LONG=1` plays many.
    @Test func randomFaultsBreakNoRule() throws {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["MUSTER_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
        let count: UInt64 = environment["MUSTER_LONG"] == "1" ? 1_000 : 12
        print("random faults of guests: seeds \(first) to \(first + count - 1)")
        var onGuests = 0
        for seed in first..<first + count {
            let outcome = try trial(seed).play(makeHost: Proving.hostMaker(Project.sources))
            #expect(outcome.violations.isEmpty, "MUSTER_SEED=\(seed): \(outcome.violations)")
            onGuests += outcome.story.count { $0.contains("claim.made guest") }
        }
        #expect(onGuests >= Int(count), "servers run on guests")
    }

    @Test func hypervisorsAreDisturbed() throws {
        let faults = try trial(1, kinds: [.hypervisor]).faults
        #expect(faults.count == 20 && faults.allSatisfy { $0.lines.count == 2 })
        let names = Set(faults.flatMap(\.lines).compactMap { if case .hypervisor(let name, _) = $0.command { name } else { nil } })
        #expect(names == ["node1", "node2"], "node3 carries none")
    }
}
