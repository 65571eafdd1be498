import MusterCore
import MusterEngine
import Testing

/// Heartbeats as edges: what a simulation tells instead of sending them, and time that it jumps over.
@Suite struct EdgeTests {
    private let node1 = ResourceID("node1")

    /// Jumps from deadline to deadline for some time; returns how many ticks that took.
    @discardableResult
    private func jump(_ bench: inout Bench, _ length: Int64) -> Int {
        let end = bench.milliseconds + length
        var ticks = 0
        while true {
            guard let next = bench.engine.nextDeadline(now: bench.now), next - bench.now.monotonic + bench.milliseconds <= end else {
                break
            }
            bench.milliseconds += next - bench.now.monotonic
            bench.turn { engine, now in
                engine.slept(until: now.monotonic)
                engine.tick(now: now)
            }
            ticks += 1
            if ticks > 10_000 {
                Issue.record("ticks without end at \(bench.milliseconds)")
                break
            }
        }
        bench.milliseconds = end
        return ticks
    }

    private func running(polls: Bool = false) throws -> Bench {
        var bench = Bench(polls: polls)
        let run = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        bench.beginToBeat(Bench.mac)
        jump(&bench, 0)
        if !polls { bench.operations = [] }
        return bench
    }

    @Test func aDayOfWellMachinesCostsNothing() throws {
        var bench = try running()
        _ = bench.engine.takeTouched()
        #expect(jump(&bench, 86_400_000) <= 3)
        #expect(bench.count("engine.stalled") == 0)
        #expect(bench.count("resource.suspect") == 0)
        #expect(bench.engine.takeTouched().isEmpty)
        #expect(bench.engine.heard(node1, at: bench.now.monotonic).map { bench.now.monotonic - $0 < 1_000 } == true)
    }

    @Test func silenceCountsFromTheLastBeat() throws {
        var bench = try running()
        jump(&bench, 60_400)
        bench.turn { engine, now in engine.fellSilent(ResourceID("node1"), now: now) }
        let last = try #require(bench.engine.heard(node1, at: bench.now.monotonic))
        jump(&bench, 20_000)
        let suspect = try #require(bench.events.first { $0.name == "resource.suspect" })
        let failed = try #require(bench.events.first { $0.name == "resource.failed" })
        #expect(suspect.data["silence"] == 3_000)
        #expect(failed.data["silence"] == 10_000)
        #expect(failed.at.milliseconds - bench.now.wall.milliseconds == last - bench.now.monotonic + 10_000)
    }

    @Test func aMachineThatBeatsAgainIsANewIncarnation() throws {
        var bench = try running()
        bench.turn { engine, now in engine.fellSilent(ResourceID("node1"), now: now) }
        jump(&bench, 20_000)
        let before = try #require(bench.node1?.incarnation)
        #expect(bench.beginToBeat(Bench.mac) == .ok)
        #expect(bench.node1?.failure == nil)
        #expect(bench.node1?.incarnation == before + 1)
        jump(&bench, 3_600_000)
        #expect(bench.count("resource.suspect") == 1)
    }

    @Test func whatTheEngineChangesIsTouched() throws {
        var bench = try running()
        _ = bench.engine.takeTouched()
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: node1, now: now) }
        #expect(bench.engine.takeTouched() == .some([node1]))
        bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) }
        #expect(bench.engine.takeTouched() == .all)
        #expect(bench.engine.takeTouched().isEmpty)
    }

    @Test func aReadingOfOffFromBeforeTheLastBeatSaysNothing() throws {
        var bench = try running(polls: true)
        jump(&bench, 20_000)
        let asked = bench.operations.last { if case .readPower(ResourceID("node1"), _, _) = $0.operation { true } else { false } }
        let id = try #require(asked?.id)
        bench.milliseconds += 1_500
        bench.turn { engine, now in engine.operationFinished(id, .success(.power(.off)), now: now) }
        #expect(bench.node1?.power != .off)
    }

    @Test func powerIsToldInsteadOfPolled() throws {
        var bench = try running()
        jump(&bench, 3_600_000)
        #expect(bench.operations.isEmpty)
        bench.turn { engine, now in engine.powerSeen(ResourceID("node2"), .success(.on), now: now) }
        bench.turn { engine, now in engine.powerSeen(ResourceID("node2"), .success(.off), now: now) }
        #expect(bench.count("resource.power_off") == 1)
        bench.turn { engine, now in engine.powerSeen(ResourceID("node2"), .failure(MusterError(.bmcSilent, "silent")), now: now) }
        #expect(bench.count("resource.bmc_fault") == 1)
        // In doubt, it is asked all the same.
        bench.turn { engine, now in engine.fellSilent(ResourceID("node1"), now: now) }
        jump(&bench, 5_000)
        #expect(bench.operations.contains { $0.operation.isReading })
    }

    @Test func aSleepOnPurposeIsNoStallAndAnotherIs() throws {
        var bench = try running()
        bench.milliseconds += 3_600_000
        bench.turn { engine, now in
            engine.slept(until: now.monotonic)
            engine.tick(now: now)
        }
        #expect(bench.count("engine.stalled") == 0)
        bench.turn { engine, now in engine.slept(until: now.monotonic.advanced(by: 1_000)) }
        bench.milliseconds += 5_000
        bench.turn { engine, now in engine.tick(now: now) }
        #expect(bench.events.filter { $0.name == "engine.stalled" }.map { $0.data["milliseconds"] } == [4_000])
    }

    @Test func aSleepingStepIsADeadline() throws {
        var bench = try running()
        let run = bench.run()
        bench.step(run, "sleep", "sleep", ["2h"])
        #expect(jump(&bench, 7_199_999) <= 3)
        #expect(bench.outcome(run, "sleep") == nil)
        jump(&bench, 1)
        #expect(bench.outcome(run, "sleep") != nil)
    }

    @Test func aTimerIsADeadline() throws {
        var bench = try running()
        let hook = HookDeclaration(id: HookID("minutely"), trigger: .timer(60_000), place: "t.lua:1")
        bench.turn { engine, now in
            engine.loadHooks(file: "t.lua", code: CodeBundle(hash: "t", main: "t.lua", sources: ["t.lua": ""]), [hook], now: now)
        }
        var runs = 0
        for _ in 1...10 {
            jump(&bench, 60_000)
            for run in bench.engine.world.runs.values {
                runs += 1
                bench.turn { engine, now in engine.runEnded(run.id, .success(.null), now: now) }
            }
        }
        #expect(runs == 10)
    }
}
