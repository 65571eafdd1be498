import MusterCore
import MusterEngine
import Testing

/// What is meant to last for a time: no failovers, machines out of use. It ends by itself, also when the engine was down meanwhile.
@Suite struct PlannedTests {
    private static let node1 = ResourceID("node1")

    private func end(_ bench: Bench, _ length: Int64) throws -> Timestamp { try bench.engine.end(after: length, now: bench.now) }

    @Test func aDisarmEndsAtItsTime() throws {
        var bench = Bench()
        bench.pass(1_000)
        let until = try end(bench, 60_000)
        bench.turn { engine, now in engine.arm(false, until: until, operatorName: "maria", now: now) }
        #expect(bench.engine.statusValue(now: bench.now)["disarmed_until"].int == until.milliseconds)
        bench.pass(59_000)
        #expect(!bench.engine.world.general.armed)
        bench.pass(1_000)
        #expect(bench.engine.world.general.armed)
        #expect(bench.engine.statusValue(now: bench.now)["disarmed_until"].isNull)
        #expect(bench.events.last { $0.name == "engine.armed" }?.data["operator"] == "the end of its time")
        bench.pass(120_000)
        #expect(bench.count("engine.armed") == 1)
    }

    @Test func theClockJumpsToItsEnd() throws {
        var bench = Bench(polls: false)
        bench.pass(30_000)
        let until = try end(bench, 3_600_000)
        bench.turn { engine, now in engine.arm(false, until: until, operatorName: "maria", now: now) }
        bench.pass(250)
        let next = try #require(bench.engine.nextDeadline(now: bench.now))
        #expect(next - bench.now.monotonic <= 3_600_000)
    }

    @Test(arguments: [30_000, 90_000]) func aDisarmEndsAlsoOverARestart(_ down: Int64) async throws {
        var bench = Bench()
        bench.pass(1_000)
        let until = try end(bench, 60_000)
        bench.turn { engine, now in engine.arm(false, until: until, operatorName: "maria", now: now) }
        bench.milliseconds += down
        try await bench.restart()
        bench.pass(250)
        #expect(bench.engine.world.general.armed == (down > 60_000))
        bench.pass(60_000)
        #expect(bench.engine.world.general.armed)
        #expect(bench.count("engine.armed") == 1)
    }

    @Test func armingEndsItAtOnceAndAnotherEndReplacesIt() throws {
        var bench = Bench()
        let (near, far) = (try end(bench, 60_000), try end(bench, 120_000))
        bench.turn { engine, now in engine.arm(false, until: near, operatorName: "maria", now: now) }
        bench.turn { engine, now in engine.arm(false, until: near, operatorName: "maria", now: now) }
        #expect(bench.count("engine.disarmed") == 1)
        bench.turn { engine, now in engine.arm(false, until: far, operatorName: "maria", now: now) }
        #expect(bench.count("engine.disarmed") == 2)
        bench.pass(90_000)
        #expect(!bench.engine.world.general.armed)
        bench.turn { engine, now in engine.arm(true, operatorName: "maria", now: now) }
        bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) }
        bench.pass(600_000)
        #expect(!bench.engine.world.general.armed, "an end that was taken back arms nothing")
    }

    @Test func aRestoredEngineStaysDisarmed() throws {
        var bench = Bench()
        let until = try end(bench, 60_000)
        bench.turn { engine, now in engine.arm(false, until: until, operatorName: "maria", now: now) }
        bench.turn { engine, now in engine.restore(backup: now.wall, operatorName: "maria", now: now) }
        bench.pass(300_000)
        #expect(!bench.engine.world.general.armed)
    }

    @Test func aMaintenanceEndsAtItsTimeAlsoOverARestart() async throws {
        var bench = Bench()
        let until = try end(bench, 60_000)
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: Self.node1, until: until, now: now) }
        #expect(bench.engine.resourceValues.array?.first?["maintenance_until"].int == until.milliseconds)
        bench.pass(30_000)
        #expect(bench.node1?.mode == .maintenance)
        try await bench.restart()
        bench.pass(31_000)
        #expect(bench.node1?.mode == .active)
        #expect(bench.node1?.maintenanceUntil == nil)
        #expect(bench.count("resource.active") == 1)
    }

    @Test func aMaintenanceThatIsProlongedOrEndedByHandEndsOnce() throws {
        var bench = Bench()
        let (near, far) = (try end(bench, 60_000), try end(bench, 120_000))
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: Self.node1, until: near, now: now) }
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: Self.node1, until: far, now: now) }
        bench.pass(90_000)
        #expect(bench.node1?.mode == .maintenance)
        try bench.turn { engine, now in try engine.setMode(.active, of: Self.node1, now: now) }
        bench.pass(60_000)
        #expect(bench.count("resource.active") == 1)
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: Self.node1, now: now) }
        bench.pass(600_000)
        #expect(bench.node1?.mode == .maintenance, "one without an end has none")
    }

    @Test func aLengthThatIsNoneIsRefused() throws {
        let bench = Bench()
        for length in [0, -1, 31 * 86_400_000] as [Int64] { #expect(throws: MusterError.self) { try end(bench, length) } }
    }

    @Test func aScriptDisarmsForATimeAndNeverOverAnOperator() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "failovers.disarm", ["2h"])
        #expect(bench.engine.world.general.disarmedUntil?.milliseconds == bench.now.wall.milliseconds + 7_200_000)
        bench.step(run, "2", "failovers.disarm", ["1h"])
        #expect(bench.engine.world.general.disarmedUntil?.milliseconds == bench.now.wall.milliseconds + 7_200_000, "the later end holds")
        bench.step(run, "3", "failovers.arm", [])
        #expect(bench.engine.world.general.armed)
        bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) }
        bench.step(run, "4", "failovers.arm", [])
        #expect(bench.errorCode(run, "4") == .wrongState)
        bench.step(run, "5", "failovers.disarm", ["1h"])
        #expect(bench.engine.world.general.disarmedUntil == nil)
        #expect(!bench.engine.world.general.armed)
    }
}
