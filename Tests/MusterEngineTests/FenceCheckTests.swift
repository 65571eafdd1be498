import MusterCore
import MusterEngine
import Testing

/// The check of fence ladders: without harm, and told only when it matters.
@Suite struct FenceCheckTests {
    private func check(_ bench: inout Bench, bmc: Result<OperationResult, MusterError>, exports: Result<OperationResult, MusterError>)
        throws
    {
        _ = try bench.turn { engine, now in try engine.checkFences([ResourceID("node1")], now: now) }
        try bench.answer(bmc) { $0.asks(.bmc) }
        try bench.answer(exports) { $0.asks(.storage) }
    }

    private let silent = Result<OperationResult, MusterError>.failure(
        MusterError(.bmcSilent, "the BMC does not answer", hint: "check its network"))
    private let works = Result<OperationResult, MusterError>.success(.words("fine"))
    private let dead = Result<OperationResult, MusterError>.failure(MusterError("export_died", "the export is not alive"))

    @Test func storageAloneIsEnough() throws {
        var bench = Bench()
        try check(&bench, bmc: silent, exports: works)
        let found = try #require(bench.node1?.fenceCheck)
        #expect(found.isReady && found.rungs.map(\.state) == [.fails, .works])
        #expect(found.rungs[0].hint == "check its network")
        #expect(bench.count("fence.unready") == 0 && bench.count("fence.ready") == 0)
        #expect(!bench.operations.contains { $0.operation.isPowerOff || $0.operation.isCut })
    }

    @Test func aMachineWithoutARungThatWorksIsToldOnceAndItsRecoveryToo() async throws {
        var bench = Bench()
        try check(&bench, bmc: silent, exports: dead)
        try check(&bench, bmc: silent, exports: dead)
        #expect(bench.count("fence.unready") == 1)
        #expect(
            bench.events.last { $0.name == "fence.unready" }?.data["reasons"]
                == "bmc: the BMC does not answer; storage: the export is not alive")
        #expect(bench.engine.statusValue(now: bench.now)["fence_unready"] == ["node1"])
        try await bench.restart()
        #expect(bench.engine.statusValue(now: bench.now)["fence_unready"] == ["node1"])
        try check(&bench, bmc: works, exports: dead)
        #expect(bench.count("fence.ready") == 1 && bench.engine.statusValue(now: bench.now)["fence_unready"] == [])
    }

    @Test func whatDoesNotAnswerInTimeFails() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        _ = try bench.turn { engine, now in try engine.checkFences([ResourceID("node1")], now: now) }
        try bench.answer(works) { $0.asks(.storage) }
        bench.pass(29_500)
        #expect(bench.node1?.fenceCheck == nil)
        bench.pass(500)
        #expect(bench.node1?.fenceCheck?.rungs.first?.detail.contains("no answer within") == true)
    }

    @Test func theExportOfALivingClaimIsAskedFor() throws {
        var bench = Bench()
        _ = try bench.runShop()
        _ = try bench.turn { engine, now in try engine.checkFences([], now: now) }
        let epochs = bench.operations.compactMap { item -> (String, Epoch?)? in
            if case .checkRung(let question) = item.operation, question.rung.kind == .storage {
                (question.resource.rawValue, question.epoch)
            } else {
                nil
            }
        }
        #expect(epochs.map(\.0) == ["node1", "node2"] && epochs.map(\.1) == [Epoch(1), nil])
    }

    @Test func manyChecksAreBegunOnceEach() throws {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "fleet.lua")
        for number in 1...80 {
            guard let mac = MACAddress(octets: [2, 0, 0, 0, 1, UInt8(number)]) else { continue }
            var host = Bench.host(number, mac)
            // Every other one has nothing that could be asked.
            host.fence = number.isMultiple(of: 2) ? [FenceRung(.hypervisor)] : [FenceRung(.bmc)]
            fleet.resources.append(Declared(host, place: "fleet.lua:1"))
        }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        bench.operations = []
        let run = bench.run()
        bench.step(run, "last", "resource.check_fence", [["name": "node9"]])
        _ = try bench.turn { engine, now in try engine.checkFences([], now: now) }
        #expect(bench.operations.count(where: \.operation.isCheck) == 32)
        while bench.operations.contains(where: \.operation.isCheck) { try bench.answer(works, where: \.isCheck) }
        let found = bench.engine.world.resources.values.map { $0.fenceCheck?.isReady }
        #expect(found.count { $0 == true } == 40 && found.count { $0 == false } == 40)
        #expect(bench.outcome(run, "last") != nil)
    }

    @Test func aMachineThatIsRemovedWhileItsCheckWaitsKeepsNobodyWaiting() throws {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "fleet.lua")
        for number in 1...40 {
            guard let mac = MACAddress(octets: [2, 0, 0, 0, 1, UInt8(number)]) else { continue }
            var host = Bench.host(number + 100, mac)
            host.fence = [FenceRung(.bmc)]
            fleet.resources.append(Declared(host, place: "fleet.lua:1"))
        }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        _ = try bench.turn { engine, now in try engine.checkFences([], now: now) }
        let (run, last) = (bench.run(), try #require(fleet.resources.last?.object.id.rawValue))
        bench.step(run, "1", "resource.check_fence", [["name": .string(last)]])
        fleet.resources.removeLast()
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        while bench.operations.contains(where: \.operation.isCheck) { try bench.answer(works, where: \.isCheck) }
        #expect(bench.errorCode(run, "1") == .notFound)
    }

    @Test func aScriptGetsWhatWasFound() throws {
        var bench = Bench()
        try bench.declare(ladder: [FenceRung(.bmc), FenceRung(.lease), FenceRung(.hypervisor)])
        let run = bench.run()
        bench.step(run, "check", "resource.check_fence", [bench.reference("node1")])
        try bench.answer(works) { $0.asks(.bmc) }
        guard case .value(let value)? = bench.outcome(run, "check") else { Issue.record("no answer"); return }
        #expect(value["ready"] == true && value["rungs"].array?.map { $0["state"].string } == ["works", "absent", "absent"])
        #expect(throws: MusterError.self) { try bench.turn { engine, now in try engine.checkFences([ResourceID("nobody")], now: now) } }
    }

    @Test func anotherLadderHasNotBeenChecked() throws {
        var bench = Bench()
        try check(&bench, bmc: silent, exports: dead)
        try bench.declare(ladder: [FenceRung(.bmc)])
        #expect(bench.node1?.fenceCheck == nil)
    }
}

extension Operation {
    fileprivate var isCheck: Bool { if case .checkRung = self { true } else { false } }

    func asks(_ kind: FenceRung.Kind) -> Bool {
        if case .checkRung(let question) = self { question.resource == ResourceID("node1") && question.rung.kind == kind } else { false }
    }
}
