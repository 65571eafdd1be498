import MusterCore
import Testing

@testable import MusterEngine

/// The rung `lease`: a watchdog that is fed by acknowledged heartbeats only.
@Suite struct LeaseTests {
    private static let hard = ArmedWatchdog(driver: "i6300esb", seconds: 30)
    private let node1 = ResourceID("node1")

    @discardableResult
    private func beat(_ bench: inout Bench, _ watchdog: ArmedWatchdog? = hard) -> HeartbeatAnswer {
        var heartbeat = bench.heartbeat(of: Bench.mac)
        heartbeat.watchdog = watchdog
        return bench.turn { engine, now in engine.heartbeat(heartbeat, now: now) }
    }

    /// shop runs on node1, whose heartbeat at 0 was the last that was acknowledged; node1 has failed, its BMC is silent, and its lease is waited for.
    private func waiting(_ watchdog: ArmedWatchdog? = hard, soft: Bool = false) throws -> (bench: Bench, run: RunID) {
        var bench = Bench()
        try bench.declare(ladder: [FenceRung(.bmc), FenceRung(.lease)])
        if soft {
            bench.engine.world.resources[node1].map {
                var known = $0; known.watchdog = WatchdogTerms(soft: true); bench.engine.world.put(known)
            }
        }
        let first = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        bench.milliseconds += 1_000
        #expect(beat(&bench, watchdog) == .ok)
        bench.pass(11_000)
        #expect(bench.node1?.failure != nil)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bench.answer(.failure(MusterError(.bmcSilent, "the BMC does not answer")), where: \.isPowerOff)
        return (bench, run)
    }

    @Test func onlyAMachineWithTheRungIsToldToArmItsWatchdog() throws {
        for (ladder, terms) in [([FenceRung(.bmc)], nil), ([FenceRung(.bmc), FenceRung(.lease)], WatchdogTerms())] {
            var bench = Bench()
            try bench.declare(ladder: ladder)
            let run = try bench.runShop()
            bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
            guard case .image(let boot) = bench.plan1() else { Issue.record("no image"); return }
            #expect(boot.watchdog == terms)
        }
    }

    @Test func theEvidenceComesAFullLeaseAfterTheLastAcknowledgement() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(23_500)
        #expect(bench.outcome(run, "fence") == nil, "34.5 s")
        bench.pass(1_000)
        let evidence = bench.evidence(run, "fence")
        #expect(evidence?.kind == .expired && evidence?.bootID == "boot-1" && evidence?.epoch == Epoch(1))
        #expect(evidence?.detail.contains("i6300esb") == true && evidence?.detail.contains("35") == true, "\(evidence?.detail ?? "")")
        #expect(bench.node1?.state(claimed: true) == .fenced)
    }

    @Test func aLeaseThatIsWaitedForIsLookedAtWhenItMayBeOver() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(1_000)
        let before = bench.engine.ladders.looks
        bench.pass(22_500)
        #expect(bench.engine.ladders.looks - before <= 2, "not in each of 90 turns")
        bench.pass(1_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
    }

    @Test func aMarginThatIsShortenedMeanwhileHolds() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(10_000)
        // The lease of 30 s began at 1 s; it is 22 s by now.
        bench.turn { engine, _ in engine.world.update { $0.settings.marginOfLeases = 3_000 } }
        bench.pass(11_000)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(1_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
    }

    @Test func aMachineThatBootsAfterItsLeaseRanOutIdlesAndItsServerIsWanted() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(25_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
        bench.turn { engine, now in engine.runEnded(run, .failure(MusterError(.noCapacity, "no machine")), now: now) }
        let before = bench.count("server.wanted")
        guard case .discover = bench.plan1() else { return #expect(Bool(false), "it is told something else") }
        #expect(bench.claim1 == nil)
        #expect(bench.count("server.wanted") == before + 1)
        #expect(bench.evidences.allSatisfy { !$0.isValid })
    }

    @Test func aLeaseThatCountsAnewHasItsTimeAnew() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        // The network comes and goes: a full lease from there, whatever time the rung was given at first.
        for _ in 0..<3 {
            bench.pass(20_000)
            for isUp in [false, true] { bench.turn { engine, now in engine.network(isUp: isUp, now: now) } }
        }
        bench.pass(34_000)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(2_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
    }

    @Test func thoseBelowAreToldBeforeAnythingIsConcluded() throws {
        var (bench, run) = try waiting()
        bench.pass(60_000)
        #expect(bench.count("resource.fenced") == 0 && bench.errorCode(run, "fence") == .notFenced, "the tracker may still acknowledge")
    }

    @Test func beginningToWaitTakesTheMachineFromTheTracker() throws {
        var (bench, _) = try waiting()
        guard case .some(let ids) = bench.engine.takeTouched() else { Issue.record("all"); return }
        #expect(ids.contains(node1))
    }

    @Test func aHeartbeatMeansThatItLives() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(10_000)
        #expect(beat(&bench) == .ok)
        #expect(bench.errorCode(run, "fence") == .stale)
        bench.pass(40_000, beating: [Bench.mac])
        #expect(bench.count("resource.fenced") == 0)
    }

    @Test func aLivingMachineThatIsFencedByHandIsNotAcknowledged() throws {
        var bench = Bench()
        try bench.declare(ladder: [FenceRung(.lease)])
        let first = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        #expect(beat(&bench) == .ok)
        try bench.turn { engine, now in try engine.fence(node1, operatorName: "maria", now: now) }
        _ = bench.engine.takeTouched()
        bench.milliseconds += 1_000
        #expect(beat(&bench) == .reset)
        bench.pass(33_500)
        #expect(bench.count("resource.fenced") == 0)
        bench.pass(1_500)
        #expect(bench.evidences.last?.kind == .expired)
    }

    @Test func afterAStallAFullLeaseCountsAnew() throws {
        var (bench, run) = try waiting()
        _ = bench.engine.takeTouched()
        bench.milliseconds += 20_000
        bench.turn { engine, now in engine.tick(now: now) }
        bench.pass(34_000)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(2_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
    }

    @Test func aHeartbeatOfThatBootVoidsTheEvidenceAndNothingElseDoes() throws {
        var (bench, _) = try waiting()
        _ = bench.engine.takeTouched()
        bench.pass(25_000)
        #expect(bench.evidences.last?.isValid == true)
        bench.turn { engine, now in engine.powerSeen(node1, .success(.on), now: now) }
        #expect(bench.beat(Bench.mac, token: "00", boot: "boot-2") == .reset)
        #expect(bench.evidences.last?.isValid == true, "\(bench.evidences)")
        #expect(bench.beat(Bench.mac, token: "00", boot: "boot-1") == .reset)
        #expect(bench.evidences.last?.voided == "a heartbeat" && bench.count("evidence.voided") == 1)
    }

    @Test(arguments: [nil, ArmedWatchdog(driver: "softdog", seconds: 30)]) func withoutALeaseThatCountsTheRungDoesNotApply(
        _ watchdog: ArmedWatchdog?
    ) throws {
        let (bench, run) = try waiting(watchdog)
        guard case .error(let error)? = bench.outcome(run, "fence") else { Issue.record("no error"); return }
        #expect(error.code == .notFenced && error.message.contains(watchdog == nil ? "no watchdog lease" : "soft = true"), "\(error)")
    }

    @Test func softdogCountsWhereTheOperatorSaysSo() throws {
        var (bench, run) = try waiting(ArmedWatchdog(driver: "softdog", seconds: 10), soft: true)
        _ = bench.engine.takeTouched()
        bench.pass(5_000)
        #expect(bench.evidence(run, "fence")?.kind == .expired)
    }

    @Test func aBootThatHasNotReportedItsWatchdogHasNoLease() throws {
        var bench = Bench()
        try bench.declare(ladder: [FenceRung(.lease)])
        let first = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        #expect(beat(&bench) == .ok)
        // It begins another boot, and nobody has heard yet what that armed.
        guard case .image = bench.plan1() else { Issue.record("no image"); return }
        #expect(throws: MusterError.self) { try bench.turn { engine, now in try engine.fence(node1, operatorName: "maria", now: now) } }
    }
}
