import MusterCore
import Testing

@testable import MusterEngine

/// What an operator ordered to be fenced, and the engine that dies meanwhile.
@Suite struct OperatorFenceTests {
    private static let silentBMC = MusterError(.bmcSilent, "the BMC does not answer", hint: "check its network")

    /// shop runs on node1, which maria orders to be fenced; its BMC is silent, and its export is to be cut.
    private func ordered() throws -> Bench {
        var bench = Bench()
        _ = try bench.runShop()
        try bench.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try bench.answer(.failure(Self.silentBMC), where: \.isPowerOff)
        return bench
    }

    /// Another engine on what was committed.
    private func restarted(_ bench: Bench) async throws -> Bench {
        var next = bench
        try await next.restart()
        return next
    }

    @Test func theNextEngineTakesItUpAgain() async throws {
        var bench = try await restarted(ordered())
        #expect(bench.count("fence.ordered") == 1, "it was ordered once")
        try bench.answer(.failure(Self.silentBMC), where: \.isPowerOff)
        try bench.answer(.success(.words("cut")), where: \.isCut)
        bench.pass(10_500)
        #expect(bench.events.last { $0.name == "resource.fenced" }?.data["evidence"] == "revoked")
        #expect(bench.node1?.fenceOrder == nil)
    }

    @Test func whatCameToItsEndIsNotOrderedAgain() async throws {
        var done = try ordered()
        try done.answer(.success(.words("cut")), where: \.isCut)
        done.pass(10_500)
        #expect(done.count("resource.fenced") == 1)
        var bench = try await restarted(done)
        bench.pass(500)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func anOrderThatFailedIsNotOrderedAgain() async throws {
        var failed = Bench()
        try failed.declare(ladder: [FenceRung(.bmc)])
        _ = try failed.runShop()
        try failed.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try failed.answer(.failure(Self.silentBMC), where: \.isPowerOff)
        #expect(failed.count("fence.failed") == 1 && failed.node1?.fenceOrder == nil)
        var bench = try await restarted(failed)
        bench.pass(500)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func anOldOrderIsToldAndNotCarriedOut() async throws {
        var old = try ordered()
        old.milliseconds += 601_000
        var bench = try await restarted(old)
        bench.pass(500)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
        let failed = try #require(bench.events.last { $0.name == "fence.failed" })
        #expect(failed.data["code"] == "stale" && failed.data["message"]?.string?.contains("maria") == true)
        #expect(bench.node1?.fenceOrder == nil)
    }

    @Test func anOrderIsForTheClaimThatTheMachineHad() async throws {
        var bench = try ordered()
        // The machine boots: what its claim had open is cut, and it is another one now.
        try bench.answer(.success(.words("cut")), where: \.isCut)
        guard case .discover = bench.plan1() else { Issue.record("it gets something to run"); return }
        #expect(bench.claim1 == nil && bench.node1?.fenceOrder == nil)
        bench = try await restarted(bench)
        bench.pass(500)
        #expect(!bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func aBackupGivesNoOrders() throws {
        var bench = try ordered()
        let backup = bench.now.wall
        bench.turn { engine, now in engine.restore(backup: backup, operatorName: "Ann", now: now) }
        #expect(bench.node1?.fenceOrder == nil)
    }
}
