import MusterCore
import MusterEngine
import Testing

/// What sleeping machines save: hours off times declared watts, counted when they wake.
@Suite struct EnergyTests {
    private func bench(watts: Int64 = 180, idle: Int64? = nil) throws -> Bench {
        var bench = Bench(polls: false)
        try declare(&bench, watts: watts, idle: idle)
        bench.pass(1_000)
        return bench
    }

    private func declare(_ bench: inout Bench, watts: Int64?, idle: Int64? = nil) throws {
        var fleet = FleetDeclaration(file: "f")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Bench.mac, Bench.otherMAC].enumerated().map { Declared(Bench.host($0 + 1, $1), place: "f:\($0)") }
        fleet.resources[0].object.watts = watts
        fleet.resources[0].object.wattsIdle = idle
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
    }

    private func power(_ bench: inout Bench, _ power: Power) {
        bench.turn { engine, now in engine.powerSeen(ResourceID("node1"), .success(power), now: now) }
    }

    private func energy(_ bench: Bench) -> Value { bench.engine.statusValue(now: bench.now)["energy"] }

    @Test func nothingIsSaidWithoutWatts() { #expect(energy(Bench()).isNull) }

    @Test func hoursOffTimesWattsIsWhatIsSaved() throws {
        var bench = try bench()
        power(&bench, .off)
        #expect(energy(bench)["asleep"] == 1)
        #expect(energy(bench)["machines"] == 1)
        #expect(energy(bench)["watts_saved"] == 180)
        bench.milliseconds += 10 * 3_600_000
        #expect(energy(bench)["kwh_saved"].double == 1.8)
        let began = energy(bench)["since"]
        power(&bench, .on)
        #expect(energy(bench)["asleep"] == 0)
        #expect(energy(bench)["watts_saved"] == 0)
        bench.milliseconds += 10 * 3_600_000
        #expect(energy(bench)["kwh_saved"].double == 1.8, "what is on saves nothing")
        #expect(energy(bench)["since"] == began)
    }

    @Test func itIsStoredWhenAMachineWakesAndSurvivesARestart() async throws {
        var bench = try bench()
        power(&bench, .off)
        let asleep = bench.batches.count { !$0.isEmpty }
        bench.pass(20_000)
        #expect(bench.batches.count { !$0.isEmpty } == asleep, "sleep costs nothing")
        bench.milliseconds += 3_600_000
        try await bench.restart()
        bench.milliseconds += 3_600_000
        power(&bench, .on)
        try await bench.restart()
        let saved = try #require(energy(bench)["kwh_saved"].double)
        #expect(saved == 0.36)
    }

    @Test func aMachineThatOnlyWaitedSavesWhatItDrewThen() throws {
        var bench = try bench(idle: 100)
        power(&bench, .off)
        bench.milliseconds += 3_600_000
        #expect(energy(bench)["watts_saved"] == 100)
        #expect(energy(bench)["kwh_saved"].double == 0.1)
    }

    @Test func otherWattsHoldFromThenOn() throws {
        var bench = try bench(watts: 100)
        power(&bench, .off)
        bench.milliseconds += 3_600_000
        try declare(&bench, watts: 200)
        bench.milliseconds += 3_600_000
        #expect(energy(bench)["kwh_saved"].double == 0.3)
        try declare(&bench, watts: nil)
        #expect(energy(bench).isNull)
    }

    @Test func aMachineThatWasFencedDoesNotSleep() throws {
        var bench = try bench()
        power(&bench, .on)
        bench.turn { engine, now in try? engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try bench.answer(.success(.words("read off"))) { $0.isPowerOff }
        bench.milliseconds += 3_600_000
        #expect(energy(bench)["asleep"] == 0)
        #expect(energy(bench)["kwh_saved"].double == 0)
    }
}
