import MusterCore
import MusterEngine
import Testing

/// Rule 3: exports belong to claims, and none is forgotten.
@Suite struct ExportTests {
    private let export = Export(epoch: Epoch(1), host: "10.77.0.1", port: 1, name: "x")

    @Test func anExportThatOpensAfterItsClaimIsOverIsCut() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        // Another run takes the server while the first export is still being opened.
        let other = bench.run()
        bench.step(other, "claim", "server.claim", [["name": "shop"], ["name": "node2"]])
        let opening = bench.operations.filter(\.operation.isOpening).map(\.id)
        #expect(opening.count == 2)
        let (first, late) = (opening[0], export)
        bench.turn { engine, now in engine.operationFinished(first, .success(.export(late)), now: now) }
        try bench.answer(.failure(MusterError(.imageInUse, "epoch 1 holds it")), where: \.isOpening)
        bench.pass(6_000)
        #expect(bench.operations.contains { $0.operation.isCut(1) })
    }

    @Test func anExportThatFailedToOpenIsCutBeforeItIsForgotten() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try bench.answer(.failure(MusterError(.exportFailed, "no answer")), where: \.isOpening)
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop")) == nil)
        bench.pass(6_000)
        try bench.answer(.success(.words("no export was open"))) { $0.isCut(1) }
        #expect(bench.engine.world.claims.isEmpty)
    }

    @Test func aReleaseInDoubtThatHappenedIsDone() async throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("off")), where: \.isPowerOff)
        bench.step(run, "release", "server.release", [["name": "shop"]])
        try await bench.restart()
        // The new engine's own tidying is faster than the run.
        bench.pass(250)
        try bench.answer(.success(.words("cut"))) { $0.isCut(1) }
        bench.step(run, "release", "server.release", [["name": "shop"]])
        #expect(bench.outcome(run, "release") == .value(.null))
    }
}
