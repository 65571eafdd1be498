import Foundation
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

// mutation-check --names: the bugs. mutation-check ROOT FIRST SEEDS [MUTATION …]: plays seeds from FIRST on with each bug switched on until one breaks a rule, and as many
// without any bug, which must break none. Exit 1 when a bug is not found within SEEDS, or a rule breaks without one.

let arguments = CommandLine.arguments
if arguments.dropFirst() == ["--names"] {
    Mutation.allCases.forEach { say($0.rawValue) }
    exit(0)
}

/// Shown at once, also into a file.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

guard arguments.count >= 4, let first = UInt64(arguments[2]), let seeds = UInt64(arguments[3]) else {
    say("usage: mutation-check ROOT FIRST SEEDS [MUTATION ...]")
    exit(2)
}
let root = arguments[1]
/// The shipped hooks beside a reckless one, and one that is alone: seeds take turns.
let sources = ["hooks", "lone"].map { SourceFolders(hooks: root + "/Tests/Mutations/" + $0, library: root + "/stdlib") }
let fleet = try Proving.fleet(root + "/Tests/Mutations/fleet.lua")
let chosen = arguments.dropFirst(4).map { Mutation(rawValue: $0) }
guard chosen.allSatisfy({ $0 != nil }) else {
    say("mutations: " + Mutation.allCases.map(\.rawValue).joined(separator: " "))
    exit(2)
}
let mutations: [Mutation] = chosen.isEmpty ? Mutation.allCases : chosen.compactMap { $0 }

/// The first seed that breaks a rule, with what broke.
func search(_ count: UInt64, _ kinds: [Fault.Kind]? = nil) throws -> (seed: UInt64, violation: String)? {
    for seed in first..<(first + count) {
        let trial = Trial(fleet: fleet, seed: seed, length: 30 * 60_000, kinds: kinds, count: 20)
        let outcome = try trial.play(makeHost: Proving.hostMaker(sources[Int(seed % 2)]))
        if let violation = outcome.violations.first { return (seed, violation) }
    }
    return nil
}

var isFailed = false
var most: UInt64 = 1
for mutation in mutations {
    Mutation.active = mutation
    // Cabling is seldom wrong just where a machine dies: this one gets more of both.
    let kinds: [Fault.Kind]? = mutation == .identityUnchecked ? [.miswired, .crash, .hang] : nil
    if let found = try search(seeds, kinds) {
        most = max(most, found.seed - first + 1)
        say("\(mutation.rawValue): found with seed \(found.seed): \(found.violation)")
    } else {
        say("\(mutation.rawValue): NOT found within \(seeds) seeds from \(first)")
        isFailed = true
    }
}
Mutation.active = nil
// Whatever finds the bugs must be silent without them.
if let found = try search(max(most, min(seeds, 20))) {
    say("without any bug: seed \(found.seed) breaks a rule: \(found.violation)")
    isFailed = true
} else {
    say("without any bug: no rule is broken in \(max(most, min(seeds, 20))) seeds from \(first)")
}
exit(isFailed ? 1 : 0)
