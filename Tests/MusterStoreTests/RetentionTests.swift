import Foundation
import MusterCore
import MusterEngine
import MusterStore
import Testing

/// A year of work, a batch a day, with history forgotten every ten days.
@Suite struct RetentionTests {
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 1_700_000_000_000

    let folder: Folder
    var path: String { folder.path + "/muster.sqlite" }

    init() throws { folder = try Folder() }

    private func at(_ day: Int) -> Timestamp { Timestamp(milliseconds: Self.start + Int64(day) * Self.day) }

    private func run(_ id: Int64, _ status: Run.Status, code: String, day: Int) -> Run {
        var run = Run(
            id: RunID(id), hook: HookID("failover#1"), key: "node1", cause: .event(EventID(id)), code: code, status: status, at: at(day),
            argument: ["$type": "event", "name": "resource.failed", "text": .string(String(repeating: "x", count: 300))], seed: 1)
        run.finished = status.isLive ? nil : at(day)
        return run
    }

    private func steps(of run: Int64, day: Int, count: Int = 6) -> [Change] {
        (1...count).map { number in
            var step = Step(
                run: RunID(run), address: "\(number)", name: "resource.refresh", arguments: [["name": "node1"]], intended: at(day))
            step.done = at(day)
            step.sequence = Int64(number)
            step.outcome = .value(["text": .string(String(repeating: "y", count: 200))])
            return .step(step)
        }
    }

    private func claim(_ epoch: Int64, _ server: String, _ resource: String, day: Int, ended: Int64?) -> Claim {
        var claim = Claim(
            epoch: Epoch(epoch), server: ServerID(server), image: ImageID(server), resource: ResourceID(resource), at: at(day))
        claim.ended = ended.map { Evidence.ID($0) }
        claim.exportCut = ended != nil
        return claim
    }

    private func evidence(_ id: Int64, _ resource: String, day: Int, spent: Bool) -> Evidence {
        var item = Evidence(id: Evidence.ID(id), kind: .off, resource: ResourceID(resource), epoch: nil, at: at(day), detail: "read off")
        item.spent = spent
        return item
    }

    /// What lives on from the first day: all of it must be there at the end.
    private func firstDay() -> Batch {
        var batch = Batch()
        batch.changes = [
            .code(CodeBundle(hash: "live", main: "a.lua", sources: ["a.lua": ""])),
            .code(CodeBundle(hash: "hook", main: "b.lua", sources: ["b.lua": ""])),
            .code(CodeBundle(hash: "held", main: "c.lua", sources: ["c.lua": ""])),
            .hook(
                Hook(
                    declaration: HookDeclaration(id: HookID("b#1"), trigger: .event("x"), place: "b.lua:1"), file: "b.lua", code: "hook",
                    cursor: 0)),
            .run(run(1, .running, code: "live", day: 0)),
            .claim(claim(1, "alive", "node1", day: 0, ended: nil)),
            .claim(claim(2, "stopped", "node2", day: 0, ended: 2)),
            .evidence(evidence(1, "node3", day: 0, spent: false)), .evidence(evidence(2, "node2", day: 0, spent: true)),
        ]
        batch.changes += steps(of: 1, day: 0)
        return batch
    }

    private func day(_ day: Int) -> Batch {
        var batch = Batch()
        let first = Int64(day) * 100
        for number in 0..<40 {
            batch.events.append(
                Event(
                    id: EventID(first + Int64(number)), at: at(day), name: "user.load",
                    data: ["text": .string(String(repeating: "z", count: 200))]))
        }
        let code = "code-\(day)"
        batch.changes.append(.code(CodeBundle(hash: code, main: "d.lua", sources: ["d.lua": String(repeating: "-- code\n", count: 500)])))
        for number in 0..<10 {
            batch.changes.append(.run(run(first + Int64(number), .done, code: code, day: day)))
            batch.changes += steps(of: first + Int64(number), day: day)
        }
        batch.changes.append(.claim(claim(first, "shop", "node4", day: day, ended: first)))
        batch.changes.append(.evidence(evidence(first, "node4", day: day, spent: true)))
        return batch
    }

    private func retention(_ day: Int, lastEvent: Int64 = .max) -> Retention {
        Retention(
            eventsBefore: Timestamp(milliseconds: at(day).milliseconds - 90 * Self.day), lastEvent: EventID(lastEvent),
            runsBefore: Timestamp(milliseconds: at(day).milliseconds - 30 * Self.day), code: ["held"], now: at(day))
    }

    private func size() throws -> Int64 {
        try ["", "-wal"].reduce(0) { total, suffix in
            total + ((try FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int64) ?? 0)
        }
    }

    @Test func aYearOfWorkStaysBoundedAndNothingNeededIsGone() async throws {
        let store = try SQLiteStore(path: path)
        try await store.commit(firstDay())
        var settled: Int64 = 0
        var largest: Int64 = 0
        for number in 1...365 {
            try await store.commit(day(number))
            guard number % 10 == 0 else { continue }
            _ = try await store.forget(retention(number))
            let size = try size()
            if number == 120 { settled = size }
            if number > 120 { largest = max(largest, size) }
        }
        #expect(largest < settled + settled / 4 + 2 << 20, "it grew from \(settled) to \(largest)")

        let snapshot = try await store.load()
        #expect(snapshot.runs.map(\.id) == [RunID(1)])
        #expect(snapshot.steps.count == 6)
        #expect(Set(snapshot.code.map(\.hash)) == ["live", "hook"])
        #expect(snapshot.claims.map(\.epoch) == [Epoch(1)])
        #expect(snapshot.evidence.map(\.id) == [Evidence.ID(1)])
        #expect(try await store.code("held") != nil)
        #expect(try await store.code("code-365") != nil)
        #expect(try await store.code("code-200") == nil)
        // What is younger than its time is there, and what is older is not.
        #expect(try await store.events(after: EventID(0), limit: 1).first?.id == EventID(27_000))
        #expect(try await store.latestEvents(limit: 1).first?.id == EventID(36_539))
        #expect(try await store.run(RunID(33_000)) != nil)
        #expect(try await store.steps(of: RunID(33_000)).count == 6)
        #expect(try await store.run(RunID(32_900)) == nil)
        #expect(try await store.steps(of: RunID(32_900)).isEmpty)
    }

    @Test func eventsThatAHookWaitsForStayHoweverOld() async throws {
        let store = try SQLiteStore(path: path)
        for number in 1...3 { try await store.commit(day(number)) }
        let forgotten = try await store.forget(retention(200, lastEvent: 210))
        #expect(forgotten.events == 40 + 11)
        #expect(try await store.events(after: EventID(0), limit: 1).first?.id == EventID(211))
        #expect(forgotten.runs == 30 && forgotten.steps == 180)
    }

    /// For a while the clock was wrong by years. What was written then must not stay for years, nor hold back what is old.
    @Test func whatIsDatedInTheFutureHoldsNothingBack() async throws {
        let store = try SQLiteStore(path: path)
        // More than one slice of each.
        var wrong = Batch()
        for number in 1...1_200 {
            wrong.events.append(Event(id: EventID(Int64(number)), at: at(4_000), name: "user.load", data: [:]))
            wrong.changes.append(.run(run(Int64(number), .done, code: "wrong", day: 4_000)))
        }
        try await store.commit(wrong)
        // Nothing after them is old yet: how old they are nobody knows.
        try await store.commit(day(20))
        let early = try await store.forget(retention(25))
        #expect(early.events == 0 && early.runs == 0)
        // Again in the middle, and a run that began before and ended then.
        var middle = Batch()
        middle.events = [Event(id: EventID(2_100), at: at(5_000), name: "user.load", data: [:])]
        var late = run(2_101, .done, code: "wrong", day: 20)
        late.finished = at(5_000)
        middle.changes = [.run(run(2_100, .done, code: "wrong", day: 5_000)), .run(late)]
        try await store.commit(middle)
        try await store.commit(day(22))
        try await store.commit(day(200))
        let forgotten = try await store.forget(retention(210))
        #expect(forgotten.events == 1_200 + 40 + 1 + 40)
        #expect(forgotten.runs == 1_200 + 10 + 2 + 10)
        #expect(try await store.events(after: EventID(0), limit: 1).first?.id == EventID(20_000))
        #expect(try await store.runs(limit: 100).count == 10)
    }

    @Test func anAlterationWhileHistoryIsForgottenIsSafe() async throws {
        let store = try SQLiteStore(path: path)
        for number in 1...20 { try await store.commit(day(number)) }
        async let forgotten = store.forget(retention(300))
        // Runs that begin meanwhile, with code that nobody else uses any more.
        for number in 0..<20 {
            var batch = Batch()
            batch.changes = [
                .code(CodeBundle(hash: "code-\(number)", main: "d.lua", sources: [:])),
                .run(run(50_000 + Int64(number), .running, code: "code-\(number)", day: 300)),
            ]
            try await store.commit(batch)
        }
        _ = try await forgotten
        let snapshot = try await store.load()
        #expect(snapshot.runs.count == 20)
        #expect(Set(snapshot.code.map(\.hash)).isSuperset(of: snapshot.runs.map(\.code)))
    }

    @Test func aFileOfAnEarlierVersionLearnsToShrink() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('CREATE TABLE filler (x TEXT)'); d.execute('PRAGMA journal_mode=WAL'); d.commit()",
            path,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "this test makes an old file with python3's sqlite3")
        let store = try SQLiteStore(path: path)
        for number in 1...60 { try await store.commit(day(number)) }
        let forgotten = try await store.forget(retention(300))
        #expect(forgotten.events == 2_400 && forgotten.runs == 600 && forgotten.claims == 59 && forgotten.evidence == 59)
        #expect(forgotten.bytes > 1 << 20)
    }
}
