import Foundation
import MusterProving
import MusterScripting
import MusterSim

// simulation ROOT [HOSTS ...]: virtual hours a second for growing fleets, what a host costs in memory, and seeds a minute. The shipped hooks react, every
// host has a controller, half as many servers run, and as many faults happen to each host in an hour whatever the fleet's size. What befalls the engine
// itself (crashes, stalls, splits, a full disk) concerns all machines at once, and is left to the seeds at the end.

let root = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "."
let sources = SourceFolders(hooks: root + "/hooks", library: root + "/stdlib")

/// Shown at once, also into a file.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Resident bytes of this process.
func resident() -> Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first.flatMap {
        Int($0)
    }
    return (pages ?? 0) * 4_096
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let began = ContinuousClock.now
    try body()
    return (ContinuousClock.now - began) / .seconds(1)
}

var first: Double?
let ofEngine: Set<Fault.Kind> = [.engine, .stall, .split, .link, .disk, .disarm]
let ofMachines = Fault.Kind.allCases.filter { !ofEngine.contains($0) }
let chosen = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
for (hosts, hours) in [(100, 8.0), (1_000, 2.0), (10_000, 0.5)] where chosen.isEmpty || chosen.contains(hosts) {
    let fleet = try Proving.fleet(hosts: hosts)
    let trial = Trial(fleet: fleet, seed: 1, length: Int64(hours * 3_600_000), kinds: ofMachines, count: Int(Double(hosts) * hours / 10))
    let before = resident()
    var outcome: Trial.Outcome?
    let took = try seconds { outcome = try trial.play(makeHost: Proving.hostMaker(sources)) }
    guard let outcome else { continue }
    let played = Double(outcome.length) / 3_600_000
    // What a host costs an hour: the same for every size, if the cost grows with what happens.
    let perHost = took / played / Double(hosts) * 1e6
    first = first ?? perHost
    say(
        String(
            format:
                "%6d hosts: %6.1f virtual hours in %5.1f s (%7.2f hours/s), %6d events, %5.0f us a host and hour (%.2f of 100 hosts), %4.0f KB a host",
            hosts, played, took, played / took, outcome.events, perHost, perHost / (first ?? perHost),
            Double(resident() - before) / Double(hosts) / 1_024))
    if let violation = outcome.violations.first { say("        a rule was broken: \(violation)") }
}
let fleet = try Proving.fleet(hosts: 10)
let took = try seconds {
    for seed in 1...50 as ClosedRange<UInt64> {
        _ = try Trial(fleet: fleet, seed: seed, length: 1_800_000, count: 20).play(makeHost: Proving.hostMaker(sources))
    }
}
say(String(format: "    10 hosts: %.0f seeds a minute on one processor, each an hour with 20 faults", 50 / took * 60))
