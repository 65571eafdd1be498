import ArgumentParser
import Foundation
import MusterCore
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

/// Plays one trial after the other, several at a time, and tells of them in the order of their seeds.
struct Trials {
    let command: SimCommand
    let fleet: FleetDeclaration
    let kinds: [Fault.Kind]?
    let sources: SourceFolders

    func run() async throws {
        let began = ContinuousClock.now
        let (outcomes, broken) = try await play()
        let total = outcomes.reduce(into: (events: 0, length: Int64(0))) {
            $0.events += $1.events
            $0.length += $1.length
        }
        if let (seed, outcome) = broken {
            let small = command.shrink ? try shrunk(seed, outcome) : outcome
            tell(seed, small)
            throw ExitCode(ExitStatus.failed)
        }
        let took = (ContinuousClock.now - began) / .seconds(1)
        let value: Value = [
            "first_seed": .int(Int64(clamping: command.seed)), "trials": .int(Int64(outcomes.count)),
            "hosts": .int(Int64(fleet.resources.count)),
            "servers": .int(Int64(fleet.servers.count)), "hours": .double(Double(total.length) / 3_600_000),
            "events": .int(Int64(total.events)),
            "violations": .array([]), "seconds": .double(took),
        ]
        command.engine.show.value(value) {
            [
                "\(outcomes.count) trials from seed \(command.seed): \(fleet.resources.count) hosts, \(fleet.servers.count) servers, "
                    + "\(Int((Double(total.length) / 3_600_000).rounded())) hours, \(total.events) events in \(String(format: "%.1f", took)) s; no rule was broken"
            ]
        }
    }

    private func trial(_ seed: UInt64) -> Trial {
        Trial(fleet: fleet, seed: seed, length: Int64(command.hours * 3_600_000), kinds: kinds, count: command.count)
    }

    /// The outcomes until one breaks a rule, and that one: the first by seed, whichever came first.
    private func play() async throws -> (outcomes: [Trial.Outcome], broken: (UInt64, Trial.Outcome)?) {
        var outcomes: [Trial.Outcome] = []
        let seeds = Array(command.seed..<command.seed + command.seeds)
        var progress = Progress(total: seeds.count)
        for start in stride(from: 0, to: seeds.count, by: command.jobs) {
            let lot = Array(seeds[start..<min(start + command.jobs, seeds.count)])
            let played = try await withThrowingTaskGroup(of: (UInt64, Trial.Outcome).self) { group in
                for seed in lot { group.addTask { (seed, try trial(seed).play(makeHost: Proving.hostMaker(sources))) } }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
            }
            for (seed, outcome) in played {
                if !outcome.violations.isEmpty {
                    progress.end()
                    return (outcomes, (seed, outcome))
                }
                outcomes.append(outcome)
            }
            progress.show(outcomes.count)
        }
        progress.end()
        return (outcomes, nil)
    }

    private func shrunk(_ seed: UInt64, _ outcome: Trial.Outcome) throws -> Trial.Outcome {
        var progress = Progress(total: nil)
        defer { progress.end() }
        return try trial(seed).shrink(outcome, makeHost: Proving.hostMaker(sources)) { faults, plays in
            progress.show(plays, "looking for the fewest faults: \(faults) left")
        }
    }

    private func tell(_ seed: UInt64, _ outcome: Trial.Outcome) {
        let script = outcome.faults.flatMap(\.lines).sorted { $0.at < $1.at }.map { "\(Script.time($0.at)) \($0.command)" }
        let value: Value = [
            "seed": .int(Int64(clamping: seed)), "violations": .array(outcome.violations.map { .string($0) }),
            "faults": .array(script.map { .string($0) }), "story": .array(outcome.story.map { .string($0) }),
        ]
        command.engine.show.value(value) {
            ["seed \(seed) breaks a rule: \(outcome.violations.joined(separator: "; "))", "", "the faults that show it:"]
                + script.map { "  " + $0 } + ["", "the story:"] + outcome.story + ["", "again: \(again(seed))"]
        }
    }

    private func again(_ seed: UInt64) -> String {
        var words = ["muster sim --seed \(seed) --hours \(command.hours)"]
        words.append(command.fleet.map { "--fleet \($0)" } ?? "--hosts \(command.hosts)")
        if let hooks = command.hooks { words.append("--hooks \(hooks)") }
        if let faults = command.faults { words.append("--faults \(faults)") }
        if let count = command.count { words.append("--count \(count)") }
        return words.joined(separator: " ")
    }
}

/// A line on the terminal that says how far something is, once it takes more than two seconds.
private struct Progress {
    private let began = ContinuousClock.now
    private let total: Int?
    private var isShown = false

    init(total: Int?) { self.total = total }

    mutating func show(_ done: Int, _ words: String = "trials") {
        guard Screen.error.isTerminal, ContinuousClock.now - began > .seconds(2) else { return }
        isShown = true
        Screen.error.write("\r\u{1B}[K\(done)" + (total.map { " of \($0)" } ?? "") + " \(words)")
    }

    mutating func end() {
        if isShown { Screen.error.write("\r\u{1B}[K") }
        isShown = false
    }
}
