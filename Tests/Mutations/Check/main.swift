import Foundation
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

// mutation-check --names: the bugs. mutation-check ROOT FIRST SEEDS [MUTATION …]: hunts each bug until a rule is broken, with seeds from FIRST
// on or in a scenario, and then hunts as long without any bug, which must break none. Exit 1 when a bug is not found within SEEDS, or a rule
// breaks without one.

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
let chosen = arguments.dropFirst(4).map { Mutation(rawValue: $0) }
guard chosen.allSatisfy({ $0 != nil }) else {
    say("mutations: " + Mutation.allCases.map(\.rawValue).joined(separator: " "))
    exit(2)
}
let mutations: [Mutation] = chosen.isEmpty ? Mutation.allCases : chosen.compactMap { $0 }

let hunts = try Hunts(root: root, first: first, seeds: seeds)
var isFailed = false
var used: [Hunt] = []
var most: [Hunt: UInt64] = [:]
for mutation in mutations {
    Mutation.active = mutation
    let hunt = Hunt(mutation)
    if !used.contains(hunt) { used.append(hunt) }
    if let found = try hunts.search(hunt) {
        most[hunt] = max(most[hunt] ?? 1, found.tried)
        say("\(mutation.rawValue): found \(found.place): \(found.violation)")
    } else {
        say("\(mutation.rawValue): NOT found \(hunts.extent(of: hunt))")
        isFailed = true
    }
}
Mutation.active = nil
// Whatever finds the bugs must be silent without them.
for hunt in used {
    let count = max(most[hunt] ?? 1, min(seeds, 20))
    if let found = try hunts.search(hunt, count) {
        say("without any bug: a rule breaks \(found.place): \(found.violation)")
        isFailed = true
    } else {
        say("without any bug: no rule is broken \(hunts.extent(of: hunt, count))")
    }
}
exit(isFailed ? 1 : 0)
