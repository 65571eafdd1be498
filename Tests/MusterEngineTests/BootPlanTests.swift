import MusterCore
import MusterEngine
import Testing

@Suite struct BootPlanTests {
    private func plan(_ bench: inout Bench, _ mac: MACAddress = Bench.mac) -> BootPlan {
        bench.turn { engine, now in engine.plan(for: BootRequest(mac: mac), now: now) }
    }

    @Test func withoutAClaimAMachineDiscoversAndLearnsNoImage() throws {
        var bench = Bench()
        guard case .discover = plan(&bench) else {
            Issue.record("a machine without claim got more than discover")
            return
        }
    }

    @Test func anUnknownMachineBecomesAResourceWhenItReports() throws {
        var bench = Bench()
        let mac = try #require(MACAddress("52:54:00:aa:bb:cc"))
        try bench.boot(mac, id: "b")
        let found = try #require(bench.engine.world.resource(mac: mac))
        #expect(found.id == ResourceID("machine-525400aabbcc"))
        #expect(found.memoryMiB == 256)
        #expect(bench.engine.state(of: found) == .idle)
        #expect(bench.count("resource.discovered") == 1)
    }

    @Test func oneAnswerHoldsForAWholeBoot() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let first = plan(&bench)
        let incarnation = bench.node1?.incarnation
        #expect(plan(&bench) == first)
        #expect(bench.node1?.incarnation == incarnation)
    }

    @Test func anExportThatIsNotOpenMakesTheMachineWait() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        guard case .wait = plan(&bench) else {
            Issue.record("got a plan before the export is open")
            return
        }
    }

    @Test func aMachineThatIsBeingFencedWaits() throws {
        var bench = Bench()
        let run = try bench.runShop()
        bench.step(run, "fence", "resource.fence", [bench.reference("node1")])
        #expect(plan(&bench) == .wait(reason: "this machine is being fenced"))
    }

    @Test func anIdleMachineWithANewPlanIsToldToReset() throws {
        var bench = Bench()
        try bench.boot(Bench.mac, id: "idle")
        #expect(bench.beat(Bench.mac) == .ok)
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(bench.beat(Bench.mac) == .ok)
        try bench.answer(.success(.export(Export(epoch: Epoch(1), host: "h", port: 1, name: "x")))) {
            if case .openExport = $0 { true } else { false }
        }
        #expect(bench.beat(Bench.mac) == .reset)
    }

    @Test func aMachineOfAnEndedClaimIsToldToResetAndReportedOnce() throws {
        var bench = Bench()
        let run = try bench.runShop()
        let token = try #require(bench.node1?.boot?.token)
        bench.pass(4_000)
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now) }
        bench.step(run, "move", "server.claim", [["name": "shop"], ["name": "node2"]])
        let zombie = Heartbeat(mac: Bench.mac, token: token, bootID: "boot-1", epoch: Epoch(1))
        for _ in 1...3 {
            let answer = bench.turn { engine, now in engine.heartbeat(zombie, now: now) }
            #expect(answer == .reset)
        }
        #expect(bench.count("resource.stale_heartbeat") == 1)
    }
}
