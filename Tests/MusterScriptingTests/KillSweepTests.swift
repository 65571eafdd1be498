import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import Synchronization
import Testing

/// `kill -9` after each commit of a failover, and a new engine on what was committed.
@Suite(.serialized) struct KillSweepTests {
    @Test func aFailoverThatIsKilledAnywhereComesToTheSameEnd() async throws {
        var kills = 0
        var next = 1
        var isOver = false
        while !isOver {
            let lots = (next..<(next + 6)).map { $0 }
            next += 6
            let killed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for commits in lots { group.addTask { try await failOver(killedAfter: commits) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            kills += killed.filter { $0 }.count
            isOver = killed.contains(false)
        }
        #expect(kills > 15)
    }

    /// Whether the engine was killed before the failover was over.
    private func failOver(killedAfter commits: Int) async throws -> Bool {
        let (memory, fleet, time) = (MemoryStore(), SimulatedFleet(), VirtualTime())
        var life = try await Life(memory, fleet, time, commits: .max)
        let declared = try await life.scripting.fleet(source: Scene.fleetFile, file: "fleet.lua")
        try await life.loop.turn { engine, now in
            _ = try engine.apply(declared, now: now)
            try engine.setTarget(.running, of: ServerID("shop"), now: now)
        }
        #expect(try await life.run { $0.state(of: ServerID("shop")) == .running && $0.world.runs.isEmpty })
        fleet.change("bmc1") { $0.isFrozen = true }
        life.store.die(after: commits)
        let isOver: @Sendable (Engine) -> Bool = {
            $0.state(of: ServerID("shop")) == .running && $0.host(of: ServerID("shop")) == ResourceID("node2") && $0.world.runs.isEmpty
        }
        let survived = try await life.run(until: isOver)
        if !survived {
            life = try await Life(memory, fleet, time, commits: .max)
            let recovered = try await life.run(until: isOver)
            let story = try await life.story()
            #expect(recovered, "killed after \(commits) commits: \(story)")
        }
        try await check(life, fleet, "killed after \(commits) commits")
        return !survived
    }

    private func check(_ life: Life, _ fleet: SimulatedFleet, _ what: String) async throws {
        let events = try await life.store.events(after: EventID(0), limit: 100_000).map(\.name)
        let story = try await life.story()
        func count(_ name: String) -> Int { events.filter { $0 == name }.count }
        #expect(fleet.violations.isEmpty, "\(what)")
        #expect(fleet.orders == ["on bmc1", "off bmc1", "on bmc2"], "\(what): \(story)")
        #expect(fleet.openExports == [Epoch(2)], "\(what)")
        #expect(count("claim.made") == 2, "\(what)")
        #expect(count("claim.ended") == 1, "\(what)")
        #expect(count("resource.fenced") == 1, "\(what)")
        #expect(count("resource.failed") == 1, "\(what)")
        #expect(count("run.failed") == 0, "\(what): \(story)")
        for run in try await life.store.runs(limit: 100) {
            let steps = try await life.store.steps(of: run.id)
            #expect(steps.compactMap(\.sequence) == steps.indices.map { Int64($0 + 1) }, "\(what), run \(run.id)")
        }
    }
}

/// A store whose engine dies at a commit: neither that one nor any later one comes to an end.
final class MortalStore: Store {
    let memory: MemoryStore
    private let left = Mutex(Int.max)
    private let dead = Mutex(false)

    init(_ memory: MemoryStore) { self.memory = memory }

    var isDead: Bool { dead.withLock { $0 } }
    func die(after commits: Int) { left.withLock { $0 = commits } }

    func commit(_ batch: Batch) async throws {
        let lives = left.withLock { left in
            guard left > 0 else { return false }
            left -= left == .max ? 0 : 1
            return true
        }
        guard lives else {
            dead.withLock { $0 = true }
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
        try await memory.commit(batch)
    }

    func load() async throws -> Snapshot { try await memory.load() }
    func events(after: EventID, limit: Int) async throws -> [Event] { try await memory.events(after: after, limit: limit) }
    func latestEvents(limit: Int) async throws -> [Event] { try await memory.latestEvents(limit: limit) }
    func runs(limit: Int) async throws -> [Run] { try await memory.runs(limit: limit) }
    func run(_ id: RunID) async throws -> Run? { try await memory.run(id) }
    func steps(of run: RunID) async throws -> [Step] { try await memory.steps(of: run) }
    func code(_ hash: String) async throws -> CodeBundle? { try await memory.code(hash) }
}

/// One engine process, from its start to its death.
final class Life: Sendable {
    let store: MortalStore
    let fleet: SimulatedFleet
    let time: VirtualTime
    let loop: EngineLoop
    let scripting: Scripting

    init(
        _ memory: MemoryStore, _ fleet: SimulatedFleet, _ time: VirtualTime, commits: Int, hooks: String = Scene.root + "/hooks"
    ) async throws {
        store = MortalStore(memory)
        self.fleet = fleet
        self.time = time
        for number in 1...3 where fleet.machine("bmc\(number)") == nil {
            fleet.add(
                "bmc\(number)", mac: try #require(MACAddress("52:54:00:77:00:0\(number)")),
                uuid: "00000000-0000-0000-0000-00000000000\(number)")
        }
        loop = try await EngineLoop(
            store: store, drivers: Drivers(power: fleet, exports: fleet, readiness: fleet, secrets: fleet), time: time)
        scripting = Scripting(
            loop: loop, folders: SourceFolders(hooks: hooks, library: Scene.root + "/stdlib"), secretExists: { _ in true },
            report: { Issue.record("\($0)") })
        store.die(after: commits)
        await loop.connect(scripting.executor)
        try await scripting.hooks.refresh()
        try await loop.turn { engine, now in engine.resumeRuns(now: now) }
    }

    /// Lets virtual time pass until the condition holds; false when the engine died or the time was over.
    func run(_ limit: Int64 = 900_000, until condition: @escaping @Sendable (Engine) -> Bool) async throws -> Bool {
        for _ in 0..<(limit / 500) {
            time.advance(milliseconds: 500)
            let answer = Mutex<Result<Bool, any Error>?>(nil)
            let holder = Holder(answer)
            Task { [self] in
                do {
                    try await fleet.live(milliseconds: 500, loop)
                    let holds = try await loop.turn { engine, now in
                        engine.tick(now: now)
                        return condition(engine)
                    }
                    holder.answer.withLock { $0 = .success(holds) }
                } catch {
                    holder.answer.withLock { $0 = .failure(error) }
                }
            }
            var result: Result<Bool, any Error>?
            while result == nil {
                if store.isDead { return false }
                try await Task.sleep(for: .milliseconds(1))
                result = holder.answer.withLock { $0 }
            }
            if try result?.get() == true { return true }
            try await settle()
        }
        return false
    }

    private final class Holder: Sendable {
        let answer: Mutex<Result<Bool, any Error>?>
        init(_ answer: consuming Mutex<Result<Bool, any Error>?>) { self.answer = answer }
    }

    private func settle() async throws {
        var last = -1
        var calm = 0
        while calm < 3, !store.isDead {
            try await Task.sleep(for: .milliseconds(2))
            let commits = store.memory.commits
            calm = commits == last ? calm + 1 : 0
            last = commits
        }
    }

    func story() async throws -> String {
        var lines = try await store.events(after: EventID(0), limit: 1_000).map {
            "\($0.id) \($0.name) \($0.resource?.rawValue ?? "") \($0.server?.rawValue ?? "") \($0.data["why"]?.string ?? $0.data["message"]?.string ?? "")"
        }
        for run in try await store.runs(limit: 20) {
            lines.append("run \(run.id) \(run.hook) \(run.status)")
            for step in try await store.steps(of: run.id) {
                lines.append("  \(step.address) \(step.name) \(step.outcome.map { "\($0)".prefix(90).description } ?? "open")")
            }
        }
        return (lines + fleet.orders).joined(separator: "\n")
    }
}
