import MusterCore
import MusterEngine
import Testing

/// Runs and their steps: bad input, limits, and the operator's cancel.
@Suite struct StepTests {
    @Test(
        arguments: [
            ("sleep", [.double(.nan)]), ("sleep", [.double(.infinity)]), ("sleep", [.double(1e300)]), ("sleep", [-1]), ("sleep", ["soon"]),
            ("sleep", []), ("sleep", [.null]), ("wait_for", []), ("wait_for", ["x", ["timeout": "soon"]]),
            ("wait_for", ["x", ["timeout": .double(.nan)]]),
        ] as [(String, [Value])])
    func aWaitWithoutSenseIsRefused(_ name: String, _ arguments: [Value]) throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", name, arguments)
        bench.pass(500)
        #expect(bench.errorCode(run, "1") == .badArgument)
    }

    @Test func pastTheStepLimitTheRunEndsAndItsJournalStopsGrowing() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.stepLimit = 5
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        let run = bench.run()
        for number in 1...400 { bench.step(run, "\(number)", "log", ["again"]) }
        #expect(bench.errorCode(run, "6") == .stepLimit)
        #expect((bench.engine.world.steps[run]?.count ?? 0) <= 200)
    }

    private func limited(toMiB size: Int64) throws -> Bench {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.journalLimit = size << 20
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        return bench
    }

    private static let much: Value = .string(String(repeating: "x", count: 100_000))

    @Test func pastTheJournalLimitTheRunEndsAndItsJournalStopsGrowing() async throws {
        var bench = try limited(toMiB: 1)
        let (run, other) = (bench.run(), bench.run())
        for number in 1...10 { bench.step(run, "\(number)", "log", [Self.much]) }
        #expect(bench.outcome(run, "10") == .value(.null))
        // What it has is counted again after a restart.
        try await bench.restart()
        for number in 11...400 { bench.step(run, "\(number)", "log", [Self.much]) }
        let first = try #require((1...400).first { bench.errorCode(run, "\($0)") != nil })
        #expect(first == 12)
        guard case .error(let error) = bench.outcome(run, "12") else { return }
        #expect(error.code == .journalLimit && error.message.contains("may have 1 MiB"))
        #expect(error.hint?.contains("continue_as") == true)
        // The undo has its allowance and not more.
        #expect(bench.outcome(run, "13") == .value(.null))
        #expect((40...60).contains(bench.engine.world.steps[run]?.count ?? 0))
        // Another run has its own.
        bench.step(other, "1", "log", [Self.much])
        #expect(bench.outcome(other, "1") == .value(.null))
    }

    @Test func manySmallStepsOfAnUndoComeToAnEndToo() throws {
        var bench = try limited(toMiB: 1)
        let run = bench.run()
        for number in 1...11 { bench.step(run, "\(number)", "log", [Self.much]) }
        for number in 12...400 { bench.step(run, "\(number)", "log", ["x"]) }
        #expect(bench.errorCode(run, "12") == .journalLimit)
        #expect(bench.engine.world.steps[run]?.count == 12 + 101)
    }

    @Test func aCancelIsNotForgottenByAKill() async throws {
        var bench = Bench()
        let run = bench.run()
        try bench.turn { engine, now in try engine.cancelRun(run, now: now) }
        try await bench.restart()
        bench.step(run, "1", "log", ["go on"])
        #expect(bench.errorCode(run, "1") == .cancelled)
        // The steps of its undo are steps like any other.
        bench.step(run, "2", "log", ["undo"])
        #expect(bench.outcome(run, "2") == .value(.null))
    }

    @Test func aCancelEndsTheStepThatWaits() async throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "sleep", ["1h"])
        try bench.turn { engine, now in try engine.cancelRun(run, now: now) }
        #expect(bench.errorCode(run, "1") == .cancelled)
        try await bench.restart()
        #expect(bench.errorCode(run, "1") == .cancelled)
        #expect(throws: MusterError.self) { try bench.turn { engine, now in try engine.cancelRun(run, now: now) } }
    }

    @Test func aMachineThatBootsAnewWhileARunWorksForItsServerIsLookedAtAgain() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.load("servers.lua", [.on("server.wanted", id: "s")])
        bench.step(run, "ready", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        #expect(bench.state(of: "shop") == "running")
        // What was seen ready was the boot before this one.
        try bench.boot(Bench.mac, id: "boot-2")
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        let again = try #require(bench.runs(of: "s").first)
        #expect(bench.state(of: "shop") == "starting")
        bench.step(again.id, "ready", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        bench.turn { engine, now in engine.runEnded(again.id, .success(.null), now: now) }
        #expect(bench.state(of: "shop") == "running")
        #expect(bench.runs(of: "s").isEmpty)
    }

    @Test func aStepOfARunThatIsOverIsAnswered() throws {
        var bench = Bench()
        let run = bench.run()
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        bench.actions = []
        bench.step(run, "9", "log", ["late"])
        let answered = bench.actions.contains { if case .resumeRun(run, "9", .error) = $0 { true } else { false } }
        #expect(answered)
    }

    @Test func aStepAskedForTwiceIsPerformedOnce() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        #expect(bench.operations.filter(\.operation.isPowerOff).count == 1)
    }

    @Test func runsThatAnswerForOneServerQueue() throws {
        var bench = Bench()
        bench.load("servers.lua", [.on("server.wanted", id: "start"), .on("server.unwanted", id: "stop")])
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        try bench.turn { engine, now in try engine.setTarget(.stopped, of: ServerID("shop"), now: now) }
        #expect(bench.runs(of: "start").map(\.status) == [.running])
        #expect(bench.runs(of: "stop").map(\.status) == [.queued])
        let first = try #require(bench.runs(of: "start").first).id
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        #expect(bench.runs(of: "stop").map(\.status) == [.running])
    }
}
