import MusterCore
import MusterEngine
import Testing

/// Rule 1: what evidence stands for, and what takes it away.
@Suite struct EvidenceTests {
    @Test func aReportOfAMachineConfirmedOffVoidsTheWord() throws {
        var bench = Bench()
        let run = try bench.runShop()
        // It boots anew, and before it reports somebody swears that it is off.
        guard case .image(let boot) = bench.turn({ engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }) else {
            Issue.record("no image")
            return
        }
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now) }
        let report = MachineReport(
            mac: Bench.mac, token: boot.token, bootID: "boot-2", uuid: nil, memoryMiB: 256, cpus: 1, epoch: boot.epoch, address: nil)
        #expect(throws: MusterError.self) { try bench.turn { engine, now in try engine.report(report, now: now) } }
        #expect(bench.count("evidence.voided") == 1)
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "move") == .evidenceVoid)
    }

    @Test func aPowerOnUnderWayWhenItWasSeenOffVoidsTheEvidence() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        bench.step(run, "on", "resource.power_on", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        #expect(bench.errorCode(run, "move") == .evidenceVoid)
    }

    @Test func aServerWhoseMachineWasSwitchedOffIsNotRunning() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "ready", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        #expect(bench.state(of: "shop") == "running")
        let other = bench.run()
        bench.step(other, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        bench.turn { engine, now in engine.runEnded(other, .success(.null), now: now) }
        bench.pass(1_000)
        #expect(bench.state(of: "shop") == "blocked")
    }

    @Test func aServerWhoseMachineBootsIsStarting() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "ready", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        #expect(bench.state(of: "shop") == "running")
        try bench.boot(Bench.mac, id: "boot-2")
        // The run is still alive and answers for it; what it saw ready was the boot before.
        #expect(bench.state(of: "shop") == "starting")
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        #expect(bench.state(of: "shop") == "blocked")
    }

    @Test func aPowerOnDecidedForAnEarlierIncarnationIsStale() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let decided = bench.reference("node1")
        try bench.boot(Bench.mac, id: "boot-2")
        let run = bench.run()
        bench.step(run, "on", "resource.power_on", [decided])
        #expect(bench.errorCode(run, "on") == .stale)
    }

    @Test func aPowerOnInDoubtWhoseMachineBootsSinceIsNoMistake() async throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        let run = bench.run()
        let decided = bench.reference("node1")
        bench.step(run, "on", "resource.power_on", [decided])
        try await bench.restart()
        try bench.boot(Bench.mac, id: "boot-1")
        bench.step(run, "on", "resource.power_on", [decided])
        #expect(bench.operations.contains { $0.operation.isPowerOn })
        #expect(bench.errorCode(run, "on") == nil)
    }

    @Test func aReadingOffAskedForBeforeTheLastHeartbeatIsOldNews() throws {
        var bench = Bench()
        try bench.boot(Bench.mac, id: "idle")
        bench.pass(250)
        bench.milliseconds += 500
        #expect(bench.beat(Bench.mac) == .ok)
        try bench.answer(.success(.power(.off))) { if case .readPower(ResourceID("node1"), _, _) = $0 { true } else { false } }
        #expect(bench.beat(Bench.mac) == .ok)
    }

    /// A failover whose engine was killed before the fence, and the run that goes on so much later.
    private func resumedFence(after milliseconds: Int64) async throws -> (Bench, RunID) {
        var bench = Bench()
        bench.load("failover.lua", [.on("resource.failed", id: "f")])
        _ = try bench.runShop()
        bench.pass(11_000)
        let run = try #require(bench.runs(of: "f").first)
        bench.milliseconds += milliseconds
        try await bench.restart()
        bench.operations = []
        bench.step(run.id, "fence", "resource.fence", [run.argument["resource"]])
        bench.pass(500)
        return (bench, run.id)
    }

    @Test func aFenceThatGoesOnAfterHoursListensFirstAndIsStaleWhenTheMachineLives() async throws {
        var (bench, run) = try await resumedFence(after: 3_600_000)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
        bench.beat(Bench.mac)
        bench.pass(250)
        #expect(bench.errorCode(run, "fence") == .stale)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func aFenceThatGoesOnAfterHoursIsGivenWhenTheMachineStaysSilent() async throws {
        var (bench, run) = try await resumedFence(after: 3_600_000)
        bench.pass(9_000)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
        bench.pass(1_000)
        #expect(bench.operations.filter { $0.operation.isPowerOff }.count == 1)
        try bench.answer(.success(.words("read off"))) { $0.isPowerOff }
        #expect(bench.errorCode(run, "fence") == nil && bench.outcome(run, "fence") != nil)
    }

    @Test func aFenceThatGoesOnAtOnceIsGivenAtOnce() async throws {
        let (bench, _) = try await resumedFence(after: 0)
        #expect(bench.operations.filter { $0.operation.isPowerOff }.count == 1)
    }
}
