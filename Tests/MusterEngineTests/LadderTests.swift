import MusterCore
import Testing

@testable import MusterEngine

/// The fence ladder: rung by rung, each with its time and its evidence.
@Suite struct LadderTests {
    private static let silentBMC = MusterError(.bmcSilent, "the BMC does not answer", hint: "check its network")

    /// shop runs on node1, which falls silent and is declared failed; a run fences it.
    private func fencing(_ ladder: [FenceRung]? = nil) throws -> (bench: Bench, run: RunID) {
        var bench = Bench()
        try bench.declare(ladder: ladder)
        let first = try bench.runShop()
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        bench.pass(11_000)
        #expect(bench.node1?.failure != nil)
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        return (bench, run)
    }

    private func bmcFails(_ bench: inout Bench, _ error: MusterError = silentBMC) throws {
        try bench.answer(.failure(error), where: \.isPowerOff)
    }

    @Test func whatAnEarlierClaimLeftIsNotHeldAgainstTheNextOne() throws {
        var (bench, run) = try fencing([FenceRung(.storage)])
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(10_500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
        // The operator's word comes on top of it, and is what the next claim spends.
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "ada", now: now) }
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.evidences.allSatisfy { !$0.isValid }, "\(bench.evidences)")
    }

    @Test func aCutWhoseClaimIsOverIsNoEvidenceAboutTheNextOne() throws {
        var (bench, run) = try fencing([FenceRung(.storage)])
        // Somebody's word ends the claim while the ladder cuts; the machine has another claim by then.
        let claim = try #require(bench.claim1)
        bench.turn { engine, now in
            let word = engine.record(.manual, ResourceID("node1"), epoch: claim.epoch, detail: "seen", now: now)
            engine.spend(word, on: engine.world.claims[claim.epoch] ?? claim, now: now)
        }
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(30_000)
        #expect(bench.errorCode(run, "fence") == .stale)
        #expect(!bench.evidences.contains { $0.kind == .revoked })
    }

    // MARK: Going up

    @Test func theFirstRungThatHasEvidenceIsTheLast() throws {
        var (bench, run) = try fencing()
        try bench.answer(.success(.words("read off")), where: \.isPowerOff)
        #expect(bench.evidence(run, "fence")?.kind == .off)
        #expect(!bench.operations.contains { $0.operation.isCut } && bench.count("resource.fenced") == 1)
        #expect(bench.node1?.state(claimed: true) == .fenced)
    }

    @Test func aSilentControllerMeansThatTheExportIsCutAndTheMachineSilent() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        #expect(bench.events.last { $0.name == "fence.rung_failed" }?.data["rung"] == "bmc")
        #expect(bench.count("fence.failed") == 0 && bench.outcome(run, "fence") == nil)
        #expect(bench.claim1?.cutOrdered != nil && bench.claim1?.exportCut == false)
        bench.pass(3_000)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(9_500)
        #expect(bench.outcome(run, "fence") == nil && bench.count("resource.fenced") == 0)
        bench.pass(500)
        let evidence = try #require(bench.evidence(run, "fence"))
        #expect(evidence.kind == .revoked && evidence.epoch == Epoch(1))
        #expect(bench.events.last { $0.name == "resource.fenced" }?.data["evidence"] == "revoked")
        // The claim lives until the evidence is spent by the next one.
        #expect(bench.claim1?.isAlive == true && bench.claim1?.exportCut == true)
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(
            bench.operations.contains {
                if case .openExport(let request, let left) = $0.operation { request.epoch == Epoch(2) && left.isEmpty } else { false }
            })
        #expect(bench.events.last { $0.name == "claim.ended" }?.data["evidence"] == "revoked")
    }

    @Test func anExportThatIsBeingCutIsNotLookedAtInEachTurn() throws {
        var (bench, run) = try fencing([FenceRung(.storage)])
        bench.pass(500)
        let before = bench.engine.ladders.looks
        bench.pass(10_000)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        #expect(bench.engine.ladders.looks - before <= 2, "not in each of 40 turns")
        bench.pass(9_500)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
    }

    @Test func aDetectionTimeThatChangesMeanwhileHolds() throws {
        for length: Int64 in [5_000, 20_000] {
            var (bench, run) = try fencing([FenceRung(.storage)])
            try bench.answer(.success(.words("cut")), where: \.isCut)
            bench.pass(3_000)
            bench.turn { engine, _ in engine.world.update { $0.settings.failedAfter = length } }
            bench.pass(length - 3_500)
            #expect(bench.outcome(run, "fence") == nil, "\(length)")
            bench.pass(500)
            #expect(bench.evidence(run, "fence")?.kind == .revoked, "\(length)")
        }
    }

    @Test func anAgentIsAskedWhereItStandsAndSaysWhatItSaw() throws {
        let agent = FenceAgent(program: "fence_apc", options: ["plug": "3"], secrets: ["password": "apc"])
        var (bench, run) = try fencing([
            FenceRung(.bmc, timeout: 20_000), FenceRung(.agent, agent: agent, timeout: 9_000), FenceRung(.storage),
        ])
        #expect(bench.operations.contains { if case .powerOff(_, _, _, _, 20_000, true) = $0.operation { true } else { false } })
        try bmcFails(&bench)
        try bench.answer(.success(.words("status off"))) {
            if case .fenceAgent(ResourceID("node1"), agent, Epoch(1), 9_000) = $0 { true } else { false }
        }
        #expect(bench.evidence(run, "fence")?.kind == .off && bench.evidence(run, "fence")?.detail == "fence_apc: status off")
        #expect(bench.claim1?.cutOrdered == nil)
    }

    @Test func whenNoRungIsLeftEveryReasonIsSaid() throws {
        var (bench, run) = try fencing([FenceRung(.lease), FenceRung(.bmc), FenceRung(.hypervisor), FenceRung(.storage)])
        try bmcFails(&bench)
        try bench.answer(.failure(MusterError(.exportFailed, "the process does not end")), where: \.isCut)
        guard case .error(let error)? = bench.outcome(run, "fence") else { Issue.record("no error"); return }
        #expect(error.code == .notFenced && error.hint?.contains("muster fence node1 --confirm-off") == true)
        for reason in [
            "lease: no watchdog lease", "bmc: the BMC does not answer", "hypervisor: it is no virtual", "storage: the process does not end",
        ] {
            #expect(error.message.contains(reason), "\(error.message)")
        }
        let rungs = bench.events.last { $0.name == "fence.failed" }?.data["rungs"]?.array ?? []
        #expect(rungs.map { $0["tried"].bool } == [false, true, false, true])
        #expect(bench.count("fence.failed") == 1 && bench.count("fence.rung_failed") == 2)
        bench.turn { engine, now in engine.runEnded(run, .failure(error), now: now) }
        bench.pass(500)
        #expect(bench.engine.world.servers[ServerID("shop")]?.blocked?.reason.contains("storage: the process does not end") == true)
    }

    @Test func aMachineThatNothingCanFenceIsToldAtOnce() throws {
        var bench = Bench()
        try bench.declare(ladder: [FenceRung(.storage), FenceRung(.lease)])
        bench.turn { engine, now in engine.tick(now: now) }
        let run = bench.run()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        #expect(bench.errorCode(run, "fence") == .notFenced && bench.count("fence.failed") == 1)
        #expect(throws: MusterError.self) {
            try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        }
    }

    @Test func aDriverThatHangsDoesNotKeepTheLadder() throws {
        var (bench, _) = try fencing([FenceRung(.bmc, timeout: 20_000), FenceRung(.storage)])
        bench.pass(34_000)
        #expect(!bench.operations.contains { $0.operation.isCut })
        bench.pass(1_500)
        #expect(bench.operations.contains { $0.operation.isCut })
        // What it brings after all counts all the same.
        try bench.answer(.success(.words("read off")), where: \.isPowerOff)
        #expect(bench.count("resource.fenced") == 1)
    }

    @Test func twoWhoFenceTheSameMachineShareOneLadder() throws {
        var (bench, run) = try fencing()
        try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        let other = bench.run()
        bench.step(other, "fence", "resource.fence", [bench.reference("node1")])
        #expect(bench.operations.filter { $0.operation.isPowerOff }.count == 1)
        try bench.answer(.success(.words("read off")), where: \.isPowerOff)
        #expect(bench.evidence(run, "fence") != nil && bench.evidence(run, "fence") == bench.evidence(other, "fence"))
    }

    @Test func anOperatorsWordEndsTheLadder() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now) }
        #expect(bench.evidence(run, "fence")?.kind == .manual)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(15_000)
        #expect(bench.count("resource.fenced") == 1)
    }

    // MARK: Silence

    @Test func aHeartbeatAfterTheCutIsAnsweredWithAResetAndCountsTheSilenceAnew() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(8_000)
        #expect(bench.beat(Bench.mac) == .reset)
        bench.pass(9_500)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
        #expect(bench.beat(Bench.mac) == .reset)
        #expect(bench.evidences.contains { $0.kind == .revoked && $0.isValid })
    }

    @Test func aMachineThatGoesOnBeatingIsNotRevoked() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(61_000, beating: [Bench.mac])
        #expect(bench.errorCode(run, "fence") == .notFenced && bench.count("resource.fenced") == 0)
        #expect(bench.events.last { $0.name == "fence.rung_failed" }?.data["code"] == "timeout")
        // Never again, whatever becomes of it.
        bench.step(run, "again", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "again") == .claimAlive)
    }

    @Test func whatTheEngineDidNotListenToIsNoSilence() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.turn { engine, now in engine.network(isUp: false, now: now) }
        bench.pass(20_000)
        #expect(bench.outcome(run, "fence") == nil)
        bench.turn { engine, now in engine.network(isUp: true, now: now) }
        bench.pass(9_500)
        #expect(bench.outcome(run, "fence") == nil)
        bench.pass(500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
    }

    // MARK: A machine that comes back

    @Test func aMachineThatComesBackBeforeTheCutKeepsItsImage() throws {
        var (bench, run) = try fencing()
        bench.beat(Bench.mac)
        #expect(bench.node1?.liveness == .alive)
        try bmcFails(&bench)
        #expect(bench.errorCode(run, "fence") == .stale && bench.claim1?.cutOrdered == nil)
        #expect(bench.events.last { $0.name == "fence.failed" }?.data["code"] == "stale")
        #expect(!bench.operations.contains { $0.operation.isCut } && bench.beat(Bench.mac) == .ok)
    }

    @Test func aMachineThatBootsAfterTheCutIdlesAndItsServerIsWanted() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        let wanted = bench.count("server.wanted")
        #expect(bench.plan1() == .wait(reason: "this machine is being fenced"))
        try bench.answer(.success(.words("cut")), where: \.isCut)
        guard case .discover = bench.plan1() else { Issue.record("it gets something to run"); return }
        // It is between two systems: nobody waits for its silence.
        #expect(bench.evidence(run, "fence")?.kind == .revoked && bench.claim1 == nil)
        #expect(bench.count("server.wanted") == wanted, "the run that fences works for it")
        try bench.boot(Bench.mac, id: "boot-2")
        #expect(bench.beat(Bench.mac) == .ok && bench.node1?.state(claimed: false) == .idle)
        // It may have its server again, through a new claim.
        bench.step(run, "again", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop"))?.epoch == Epoch(2))
    }

    @Test func aMachineThatBootsAfterItWasRevokedIdlesAndItsServerIsWanted() throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(10_000)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        let wanted = bench.count("server.wanted")
        guard case .discover = bench.plan1() else { Issue.record("it gets something to run"); return }
        #expect(bench.claim1 == nil && bench.count("server.wanted") == wanted + 1)
        #expect(bench.evidences.filter { $0.kind == .revoked }.map(\.spent) == [true], "one evidence, spent once")
    }

    @Test func aMachineThatBootsWhileItsExportIsBeingCutWaits() throws {
        var (bench, run) = try fencing([FenceRung(.storage, timeout: 20_000)])
        bench.pass(21_000)
        #expect(bench.errorCode(run, "fence") == .notFenced)
        // The cut is owed even now that the fence is given up.
        guard case .wait = bench.plan1() else { Issue.record("it may not wait"); return }
        try bench.answer(.success(.words("cut")), where: \.isCut)
        guard case .discover = bench.plan1() else { Issue.record("it gets something to run"); return }
        #expect(bench.claim1 == nil)
    }

    // MARK: What is cut stays cut

    @Test func aDeliberateCutIsNoDeathOfAnExport() throws {
        var (bench, _) = try fencing()
        try bmcFails(&bench)
        bench.turn { engine, now in engine.exportDied(Epoch(1), now: now) }
        #expect(bench.count("export.died") == 0)
    }

    @Test func anExportThatIsBeingOpenedIsWaitedForAndThenCut() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try bmcFails(&bench)
        bench.pass(1_000)
        #expect(!bench.operations.contains { $0.operation.isCut })
        try bench.answer(.success(.export(Export(epoch: Epoch(1), host: "10.77.0.1", port: 10_809, name: "x")))) { $0.isOpening }
        #expect(bench.errorCode(run, "claim") == .stale)
        bench.pass(250)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(10_000)
        #expect(bench.events.last { $0.name == "resource.fenced" }?.data["evidence"] == "revoked")
    }

    // MARK: Crashes

    @Test func afterACrashTheLadderBeginsWithItsFirstRung() async throws {
        var (bench, run) = try fencing()
        try bmcFails(&bench)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(5_000)
        try await bench.restart()
        bench.operations = []
        // Nobody has taken the step up again, and still the machine is being fenced.
        #expect(bench.plan1() == .wait(reason: "this machine is being fenced"))
        bench.turn { engine, now in engine.exportDied(Epoch(1), now: now) }
        #expect(bench.count("export.died") == 0)
        bench.pass(500)
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        try bmcFails(&bench)
        try bench.answer(.success(.words("no export was open")), where: \.isCut)
        bench.pass(10_500)
        #expect(bench.evidence(run, "fence")?.kind == .revoked)
    }

    @Test(arguments: [false, true]) func anOperatorsFenceThatDiedWithTheEngineEndsWithTheMachinesNextBoot(isCut: Bool) async throws {
        var bench = Bench()
        _ = try bench.runShop()
        try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try bmcFails(&bench)
        if isCut { try bench.answer(.success(.words("cut")), where: \.isCut) }
        try await bench.restart()
        bench.pass(500)
        #expect(bench.operations.contains { $0.operation.isCut } == !isCut, "what was ordered is owed")
        if !isCut { try bench.answer(.success(.words("cut")), where: \.isCut) }
        #expect(bench.plan1() == .wait(reason: "this machine is being fenced"), "the order was taken up again")
        try bmcFails(&bench)
        try bench.answer(.success(.words("no export was open")), where: \.isCut)
        #expect(bench.beat(Bench.mac) == .reset)
        guard case .discover = bench.plan1() else { Issue.record("it gets something to run"); return }
        #expect(bench.claim1 == nil && bench.evidences.contains { $0.kind == .revoked && $0.spent })
    }

    @Test func aClaimInDoubtWhoseExportAFenceCutOpensNothing() async throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try await bench.restart()
        bench.operations = []
        try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try bmcFails(&bench)
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.errorCode(run, "claim") == .stale && !bench.operations.contains { $0.operation.isOpening })
    }
}

extension Bench {
    /// Declares another fence ladder for node1.
    mutating func declare(ladder: [FenceRung]?) throws {
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings = engine.world.general.settings
        fleet.bootNetwork = engine.world.general.bootNetwork
        for var resource in engine.world.resources.values.sorted(by: { $0.id < $1.id }) {
            if resource.id == ResourceID("node1") { resource.fence = ladder }
            fleet.resources.append(Declared(resource, place: "fleet.lua:1"))
        }
        fleet.images = engine.world.images.values.map { Declared($0, place: "fleet.lua:8") }
        fleet.servers = engine.world.servers.values.map { Declared($0, place: "fleet.lua:9") }
        _ = try turn { engine, now in try engine.apply(fleet, now: now) }
    }

    /// The first claim, as long as it is in memory and alive.
    var claim1: Claim? { engine.world.claims[Epoch(1)].flatMap { $0.isAlive ? $0 : nil } }
    /// The last state of every evidence that was ever recorded.
    var evidences: [Evidence] {
        var found: [Evidence.ID: Evidence] = [:]
        for batch in batches { for case .evidence(let evidence) in batch.changes { found[evidence.id] = evidence } }
        return found.values.sorted { $0.id < $1.id }
    }
    func evidence(_ run: RunID, _ address: String) -> Evidence? {
        if case .value(let value) = outcome(run, address) { try? value.decode(Evidence.self) } else { nil }
    }
    mutating func plan1() -> BootPlan { turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) } }
}

extension Operation {
    var isCut: Bool { if case .cutExport = self { true } else { false } }
}
