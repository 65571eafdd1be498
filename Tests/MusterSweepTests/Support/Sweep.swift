import Foundation
import MusterCore
import SweepWire
import Testing

/// How much of the sweep is run: all of it, or a sample that a printed seed chooses.
enum Sweep {
    static let isLong = ProcessInfo.processInfo.environment["MUSTER_LONG"] != nil

    static let seed: UInt64 = {
        let seed = ProcessInfo.processInfo.environment["MUSTER_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...1_000_000)
        print("the sweep's seed is \(seed): MUSTER_SEED=\(seed) repeats its choice\(isLong ? "" : "; MUSTER_LONG=1 sweeps everything")")
        return seed
    }()

    /// A generator of its own for each test, so that one test's choices do not depend on another's.
    static func random(_ name: String) -> SeededGenerator {
        SeededGenerator(seed: name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    /// Tells a story for each plan, some at a time, and says what went wrong in each. Returns how each went.
    @discardableResult
    static func tell(_ plans: [SweepStory.Plan]) async throws -> [SweepStory.Outcome] {
        try await withThrowingTaskGroup(of: (Int, SweepStory.Outcome).self) { group in
            var outcomes = [SweepStory.Outcome](repeating: SweepStory.Outcome(), count: plans.count)
            for (index, plan) in plans.enumerated() {
                if index >= atOnce, let (other, outcome) = try await group.next() { outcomes[other] = outcome }
                group.addTask { (index, try await tell(plan, SeededGenerator(seed: seed &+ UInt64(index)))) }
            }
            for try await (index, outcome) in group { outcomes[index] = outcome }
            let points = outcomes.reduce(0) { $0 + $1.deaths + ($1.wasShort ? 1 : 0) }
            print("\(plans.count) stories, \(points) points: first \(plans.first?.words ?? "none")")
            return outcomes
        }
    }

    private static let atOnce = 3

    private static func tell(_ plan: SweepStory.Plan, _ random: SeededGenerator) async throws -> SweepStory.Outcome {
        let story = try await SweepStory(plan)
        let outcome = try await story.tell(random: random)
        let problems = try Verdict.problems(story, outcome)
        if !problems.isEmpty { Issue.record("seed \(seed), \(plan.words):\n\(problems.joined(separator: "\n"))") }
        return outcome
    }

    /// Tells stories of the points 1, 2, 3, … of one kind until they are told to their ends without a death, or of a sample of the `count`
    /// that there are at least.
    static func enumerate(_ kind: Fate.Kind, _ when: Fate.When, about count: Int) async throws -> Int {
        guard isLong else {
            var random = random("\(kind) \(when)")
            let numbers = (1...count).shuffled(using: &random).prefix(max(1, count / 12))
            return try await tell(numbers.sorted().map { SweepStory.Plan(fates: [Fate(kind, $0, when)]) }).filter { $0.deaths > 0 }.count
        }
        var (deaths, next) = (0, 1)
        while true {
            let died = try await tell((next..<(next + 6)).map { SweepStory.Plan(fates: [Fate(kind, $0, when)]) })
            deaths += died.filter { $0.deaths > 0 }.count
            next += 6
            if died.allSatisfy({ $0.deaths == 0 }) { return deaths }
        }
    }
}

/// SplitMix64: a generator that gives the same numbers for a seed.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
