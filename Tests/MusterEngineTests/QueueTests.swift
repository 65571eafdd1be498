import Foundation
import MusterCore
import MusterEngine
import Testing

/// The queue of runs: its order, its bounds, and other tries.
@Suite struct QueueTests {
    private static func limits(_ bench: inout Bench, runs: Int = 200, queue: Int = 1_000) throws {
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings.runLimit = runs
        fleet.settings.queueLimit = queue
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
    }

    private static func emit(_ bench: inout Bench, _ number: Int, key: String = "") throws {
        try bench.turn { engine, now in
            _ = try engine.emitUser("user.order", ["n": .int(Int64(number)), "customer": .string(key)], key: nil, now: now)
        }
    }

    @Test func aBurstKeepsFewRunsInMemoryAndLosesNone() throws {
        var bench = Bench()
        try Self.limits(&bench, queue: 10)
        bench.load("a.lua", [.on("user.order", id: "a")])
        for number in 1...500 { try Self.emit(&bench, number) }
        #expect(bench.runs(of: "a").count <= 12)
        var seen: [Int64] = []
        while let run = bench.runs(of: "a").first {
            #expect(run.status == .running)
            seen.append(try #require(run.argument["data"]["n"].int))
            bench.turn { engine, now in engine.runEnded(run.id, .success(.null), now: now) }
            #expect(bench.runs(of: "a").count <= 12)
        }
        #expect(seen == Array(1...500))
    }

    /// The engine alone: what is not in its memory is in the store, from which it asks for pages.
    @Test func aLargeBurstLosesNoneAndStaysOutOfMemory() throws {
        // In steps of a debug build a minute's work: all of them with MUSTER_LONG=1, which scripts/test --long sets.
        let count: Int64 = ProcessInfo.processInfo.environment["MUSTER_LONG"] == nil ? 10_000 : 100_000
        var engine = Engine(Snapshot(), random: SeededGenerator(seed: 1))
        let now = Now(wall: Timestamp(milliseconds: 1_700_000_000_000), monotonic: Moment(milliseconds: 5_000))
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings.queueLimit = 20
        _ = try engine.apply(fleet, now: now)
        let code = CodeBundle(hash: "a.lua", main: "a.lua", sources: ["a.lua": ""])
        engine.loadHooks(file: "a.lua", code: code, [.on("user.order", id: "a")], now: now)
        var (stored, seen, most): ([Event], Int64, Int) = ([], 0, 0)
        var (begun, pages): ([Run], [EventID]) = ([], [])
        func take() {
            let (batch, actions) = engine.drain()
            stored += batch.events
            for action in actions {
                switch action {
                case .startRun(let run, _, _): begun.append(run)
                case .readBacklog(let start): pages.append(start)
                default: break
                }
            }
            most = max(most, engine.world.runs.count)
        }
        take()
        let before = Int64(stored.count)
        for number in 1...count {
            _ = try engine.emitUser("user.order", ["n": .int(number)], key: nil, now: now)
            take()
        }
        while !begun.isEmpty || !pages.isEmpty {
            for start in pages {
                pages.removeFirst()
                // Events are numbered from 1, so that a number is a place.
                let page = stored[min(stored.count, Int(start.rawValue))...].prefix(100)
                engine.takeBacklog(after: start, Array(page), now: now)
                take()
            }
            guard !begun.isEmpty else { continue }
            let run = begun.removeFirst()
            seen += 1
            if run.argument["data"]["n"].int != seen { Issue.record("\(run.argument) instead of \(seen)"); return }
            engine.runEnded(run.id, .success(.null), now: now)
            take()
        }
        #expect(seen == count && Int64(stored.count) == before + count)
        #expect(most <= engine.world.general.settings.queueLimit + 2)
    }

    @Test func theRestOfABurstOutlivesTheEngine() async throws {
        var bench = Bench()
        try Self.limits(&bench, queue: 10)
        bench.load("a.lua", [.on("user.order", id: "a")])
        for number in 1...100 { try Self.emit(&bench, number) }
        var seen: [Int64] = []
        for round in 0... {
            guard let run = bench.runs(of: "a").first else { break }
            seen.append(try #require(run.argument["data"]["n"].int))
            bench.turn { engine, now in engine.runEnded(run.id, .success(.null), now: now) }
            if round % 17 == 5 { try await bench.restart() }
        }
        #expect(seen == Array(1...100))
    }

    @Test func runsOfManySubjectsExecuteUpToTheLimitAndThoseThatWaitDoNotCount() throws {
        var bench = Bench()
        try Self.limits(&bench, runs: 3)
        var declaration = HookDeclaration.on("user.order", id: "a")
        declaration.key = "customer"
        bench.load("a.lua", [declaration])
        for number in 1...6 { try Self.emit(&bench, number, key: "c\(number)") }
        func running() -> [Int64] { bench.runs(of: "a").filter { $0.status == .running }.compactMap { $0.argument["data"]["n"].int } }
        #expect(running() == [1, 2, 3])
        bench.step(bench.runs(of: "a")[1].id, "1", "sleep", ["1h"])
        #expect(running() == [1, 2, 3, 4])
        let oldest = bench.runs(of: "a")[0].id
        bench.turn { engine, now in engine.runEnded(oldest, .success(.null), now: now) }
        #expect(running() == [2, 3, 4, 5])
    }

    @Test func runsThatOnlyWaitMakeRoomForTheBacklog() throws {
        var bench = Bench()
        try Self.limits(&bench, runs: 3, queue: 10)
        var declaration = HookDeclaration.on("user.order", id: "a")
        declaration.key = "customer"
        bench.load("a.lua", [declaration])
        for number in 1...100 { try Self.emit(&bench, number, key: "c\(number)") }
        var parked = 0
        while let run = bench.runs(of: "a").first(where: { $0.status == .running && bench.engine.world.steps[$0.id] == nil }) {
            bench.step(run.id, "1", "sleep", ["1h"])
            parked += 1
        }
        #expect(parked == 100)
    }

    @Test func aRunThatFailedIsTriedAgainLaterEachTimeAndNotForEver() throws {
        var bench = Bench()
        var declaration = HookDeclaration.on("user.order", id: "a")
        declaration.retry = HookDeclaration.Retry(times: 2, backoff: 5_000)
        bench.load("a.lua", [declaration])
        try Self.emit(&bench, 1)
        try Self.emit(&bench, 2)
        func fail() throws {
            let run = try #require(bench.runs(of: "a").first { $0.status == .running })
            bench.turn { engine, now in engine.runEnded(run.id, .failure(MusterError("oops", "no")), now: now) }
        }
        func orders() -> [Int64] { bench.runs(of: "a").filter { $0.status == .running }.compactMap { $0.argument["data"]["n"].int } }
        try fail()
        // The next order need not wait for the pause of the one before.
        #expect(orders() == [2])
        let oldest = bench.runs(of: "a")[0].id
        bench.turn { engine, now in engine.runEnded(oldest, .success(.null), now: now) }
        bench.pass(4_750)
        #expect(orders().isEmpty)
        bench.pass(500)
        #expect(orders() == [1])
        #expect(bench.runs(of: "a").first?.attempt == 2)
        try fail()
        bench.pass(9_500)
        #expect(orders().isEmpty)
        bench.pass(1_000)
        #expect(bench.runs(of: "a").first?.attempt == 3)
        try fail()
        bench.pass(60_000)
        #expect(bench.runs(of: "a").isEmpty)
        #expect(bench.count("run.failed") == 3)
    }

    @Test func aRunGoesOnAsAnotherWithTheStateItLeft() throws {
        var bench = Bench()
        bench.load("a.lua", [.on("user.order", id: "a")])
        try Self.emit(&bench, 7)
        let first = try #require(bench.runs(of: "a").first)
        bench.step(first.id, "1", "continue_as", [["page": 2]])
        bench.turn { engine, now in engine.runEnded(first.id, .success(.null), now: now) }
        let second = try #require(bench.runs(of: "a").first)
        #expect(second.id != first.id)
        #expect(second.argument["state"]["page"] == 2)
        #expect(second.argument["data"]["n"] == 7)
        #expect(second.cause == first.cause)
    }

    @Test func theSameKeyIsTheSameEvent() async throws {
        var bench = Bench()
        bench.load("a.lua", [.on("user.order", id: "a")])
        func give(_ key: String) throws -> EventID {
            try bench.turn { engine, now in try engine.emitUser("user.order", [:], key: key, now: now) }
        }
        let one = try give("k1")
        #expect(try give("k1") == one)
        try await bench.restart()
        #expect(try give("k1") == one)
        #expect(try give("k2") != one)
        #expect(bench.count("user.order") == 2)
        bench.pass(60_000)
        bench.milliseconds += 86_400_000
        bench.pass(61_000)
        #expect(bench.engine.world.dedup.isEmpty)
    }
}
