import MusterCore
import MusterEngine
import SweepWire
import Testing

/// Leads a story from round to round: engines are started as they die, time passes for the machines, and one of them freezes.
struct Teller {
    let story: SweepStory
    private var random: SeededGenerator
    private(set) var outcome = SweepStory.Outcome()
    private(set) var engine: EngineLife?
    /// What the engine said of itself in the last round.
    private(set) var status: Value = .null
    private var elapsed: Int64 = 0
    private var lives = 0
    private var isFrozen = false
    /// Rounds for which all has been as it must be at the end.
    private var calm = 0
    private(set) var fullness = Fullness()

    init(_ story: SweepStory, _ random: SeededGenerator) {
        self.story = story
        self.random = random
    }

    mutating func goOn() async throws {
        guard let living = engine, living.ended == nil else { return try await startNext() }
        outcome.rounds += 1
        elapsed += 250
        for kill in story.plan.kills where kill.round == outcome.rounds { SweepStory.kill(living, after: kill.microseconds) }
        do {
            try await round(living)
        } catch let error as MusterError where error.code == "gone" {
            calm = 0
            while living.ended == nil { try await Task.sleep(for: .milliseconds(1)) }
        } catch let error as MusterError where error.code == .storeFull && story.disk != nil {
            calm = 0
            outcome.wasShort = true
            try await fullness.refused(story, living)
        }
        try await Task.sleep(for: .milliseconds(2))
    }

    private mutating func startNext() async throws {
        if let dead = engine {
            #expect(dead.ended == .killed, "\(story.plan.words): an engine ended by itself")
        }
        if lives > 0 {
            outcome.deaths += 1
            elapsed += story.plan.pause
            if story.plan.thaws, isFrozen {
                outcome.cameBack = story.fleet.machines.machine("bmc1")?.isOn == true
                story.fleet.machines.change("bmc1") { $0.isFrozen = false }
            }
            if let way = story.plan.tear, try Tear.tear(way, story.orders(life: lives, elapsed: 0), &random) { outcome.tears += 1 }
        }
        do {
            engine = try await story.start(life: lives, elapsed: elapsed)
        } catch let error as MusterError where error.code == .storeFull && story.disk != nil {
            engine = nil
            outcome.wasShort = true
            story.disk?.empty()
        }
        lives += 1
    }

    private mutating func round(_ living: EngineLife) async throws {
        try await story.fleet.live(milliseconds: 250, RemoteAuthority(life: living, fleet: story.fleet))
        status = try await living.wire().request("tick", .int(elapsed))
        (outcome.commits, outcome.calls) = (Int(status["commits"].int ?? 0), Int(status["calls"].int ?? 0))
        if status["short"] == true { outcome.wasShort = true }
        if status["short"] == true, story.plan.full?.hasReserve == true { try await fullness.isShort(story, living) }
        let isSettled = status["state"] == "running" && status["runs"] == 0
        if isSettled, status["resource"] == "node1", !isFrozen {
            isFrozen = true
            story.fleet.machines.change("bmc1") { $0.isFrozen = true }
        }
        let isThere =
            isSettled && isFrozen
            && (status["resource"] == "node2" && story.fleet.machines.openExports == [Epoch(2)]
                || status["resource"] == "node1" && outcome.cameBack)
        calm = isThere ? calm + 1 : 0
        if calm >= 30 { outcome.isOver = true }
    }
}
