import MusterCore
import Testing

@testable import MusterEngine

/// What controllers measure: when they are asked, and what is known by it.
@Suite struct PowerDrawTests {
    private static let node1 = ResourceID("node1")

    /// A bench on which node1 idles with its power read as on.
    private func idling(polls: Bool = true) throws -> Bench {
        var bench = Bench(polls: polls)
        try bench.boot(Bench.mac, id: "boot-1")
        bench.beat(Bench.mac)
        if !polls { bench.turn { engine, now in engine.powerSeen(Self.node1, .success(.on), now: now) } }
        return bench
    }

    private func read(_ bench: inout Bench, _ power: Power = .on) throws {
        bench.pass(12_000, beating: [Bench.mac])
        try bench.answer(.success(.power(power))) { if case .readPower(Self.node1, _, _) = $0 { true } else { false } }
    }

    private func asked(_ bench: Bench) -> Int {
        bench.operations.count { if case .readDraw(Self.node1, _) = $0.operation { true } else { false } }
    }

    private func answer(_ bench: inout Bench, _ result: Result<OperationResult, MusterError>) throws {
        try bench.answer(result) { if case .readDraw(Self.node1, _) = $0 { true } else { false } }
    }

    private func field(_ bench: Bench, _ name: String) -> Value {
        bench.engine.resourceValues.array?.first { $0["name"] == "node1" }?[name] ?? .null
    }

    private func energy(_ bench: Bench) -> Value { bench.engine.statusValue(now: bench.now)["energy"] }

    @Test func aMachineThatIsOnIsMeasuredEveryMinute() throws {
        var bench = try idling()
        try read(&bench)
        #expect(asked(bench) == 1)
        try answer(&bench, .success(.draw(95)))
        #expect(field(bench, "watts_now") == 95 && field(bench, "watts_idle") == 95)
        #expect(energy(bench)["measured"] == 1 && energy(bench)["watts_now"] == 95)
        for _ in 0..<4 { try read(&bench) }
        #expect(asked(bench) == 0, "a minute is not over")
        for _ in 0..<2 { try read(&bench) }
        #expect(asked(bench) == 1)
        try answer(&bench, .success(.draw(120)))
        #expect(field(bench, "watts_now") == 120)
    }

    @Test func aControllerWithoutAMeterIsAskedOnceADayAndThatIsNoFault() throws {
        var bench = try idling()
        try read(&bench)
        try answer(&bench, .success(.draw(nil)))
        let told = bench.events.count
        for _ in 0..<50 { try read(&bench) }
        #expect(asked(bench) == 0)
        #expect(field(bench, "watts_now").isNull && energy(bench).isNull && field(bench, "bmc_fault").isNull)
        #expect(bench.events.count == told)
        bench.milliseconds += 86_400_000
        try read(&bench)
        #expect(asked(bench) == 1)
    }

    @Test func anotherControllerIsAskedAtOnce() throws {
        var bench = try idling()
        try read(&bench)
        try answer(&bench, .success(.draw(nil)))
        var fleet = FleetDeclaration(file: "f")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Declared(Bench.host(1, Bench.mac), place: "f:1")]
        fleet.resources[0].object.bmc?.user = "operator"
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        try read(&bench)
        #expect(asked(bench) == 0, "it is the same controller, asked by another user")
        fleet.resources[0].object.bmc?.address = "newer"
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        try read(&bench)
        #expect(asked(bench) == 1)
    }

    /// Some controllers leave a question that they do not know without an answer: whoever waits for their next one must not wait for this.
    @Test func aControllerThatFailsAtItIsLeftAloneForAnHour() throws {
        var bench = try idling()
        try read(&bench)
        try answer(&bench, .failure(MusterError(.bmcSilent, "it does not answer")))
        for _ in 0..<20 { try read(&bench) }
        #expect(asked(bench) == 0)
        #expect(field(bench, "bmc_fault").isNull && bench.count("resource.bmc_fault") == 0)
        bench.milliseconds += 3_600_000
        try read(&bench)
        #expect(asked(bench) == 1)
    }

    @Test func nobodyIsAskedTwiceAtOnceNorOffNorInDoubt() throws {
        var bench = try idling()
        for _ in 0..<3 { try read(&bench) }
        #expect(asked(bench) == 1, "its answer is outstanding")
        var off = try idling()
        try read(&off, .off)
        #expect(asked(off) == 0)
        var silent = try idling()
        silent.pass(30_000)
        #expect(silent.node1?.liveness == .silent)
        try silent.answer(.success(.power(.on))) { if case .readPower(Self.node1, _, _) = $0 { true } else { false } }
        #expect(asked(silent) == 0)
    }

    @Test func whatIsOffOrUnreadIsNotMeasured() throws {
        var bench = try idling()
        try read(&bench)
        try answer(&bench, .success(.draw(95)))
        bench.pass(12_000, beating: [Bench.mac])
        try bench.answer(.failure(MusterError(.bmcSilent, "it does not answer"))) {
            if case .readPower(Self.node1, _, _) = $0 { true } else { false }
        }
        #expect(field(bench, "watts_now").isNull && field(bench, "watts_idle") == 95)
        bench.turn { engine, now in engine.drawSeen(Self.node1, watts: 96, now: now) }
        #expect(field(bench, "watts_now") == 96)
        bench.turn { engine, now in engine.powerSeen(Self.node1, .success(.off), now: now) }
        #expect(field(bench, "watts_now").isNull && energy(bench)["measured"] == 0 && energy(bench)["watts_now"].isNull)
        bench.turn { engine, now in engine.drawSeen(Self.node1, watts: 4, now: now) }
        #expect(field(bench, "watts_now").isNull, "what its controller draws is not what it draws")
    }

    @Test func theControllerOfAnotherMachineMeasuresThatOne() throws {
        var bench = try idling()
        var known = try #require(bench.node1)
        known.uuid = "6d757374-6572-4c61-b000-525400770001"
        known.bmc?.guid = "6d757374-6572-4c61-b000-525400770099"
        bench.engine.world.put(known)
        try read(&bench)
        #expect(asked(bench) == 0)
        bench.turn { engine, now in engine.drawSeen(Self.node1, watts: 95, now: now) }
        #expect(field(bench, "watts_now").isNull)
    }

    // MARK: What a sleep saves

    @Test func aSleepSavesWhatTheMachineDrewBeforeItWhileItWaited() throws {
        var bench = try idling(polls: false)
        for watts: Int64 in [140, 80] { bench.turn { engine, now in engine.drawSeen(Self.node1, watts: watts, now: now) } }
        bench.turn { engine, now in engine.powerSeen(Self.node1, .success(.off), now: now) }
        bench.milliseconds += 3_600_000
        #expect(energy(bench)["watts_saved"] == 80 && energy(bench)["kwh_saved"].double == 0.08)
        #expect(energy(bench)["machines"] == 1 && energy(bench)["asleep"] == 1)
    }

    @Test func whatItDrewWithAServerIsNotWhatItSaves() throws {
        var bench = Bench(polls: false)
        _ = try bench.runShop()
        bench.beat(Bench.mac)
        bench.turn { engine, now in engine.powerSeen(Self.node1, .success(.on), now: now) }
        bench.turn { engine, now in engine.drawSeen(Self.node1, watts: 210, now: now) }
        #expect(field(bench, "watts_now") == 210 && field(bench, "watts_idle").isNull)
    }

    @Test func whatWasMeasuredCountsAfterARestartAndBeforeWhatIsDeclared() async throws {
        var bench = try idling(polls: false)
        bench.turn { engine, now in engine.drawSeen(Self.node1, watts: 80, now: now) }
        bench.turn { engine, now in engine.powerSeen(Self.node1, .success(.off), now: now) }
        try await bench.restart()
        #expect(field(bench, "watts_idle") == 80 && energy(bench)["watts_saved"] == 80)
        var fleet = FleetDeclaration(file: "f")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Declared(Bench.host(1, Bench.mac), place: "f:1")]
        fleet.resources[0].object.wattsIdle = 300
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        bench.milliseconds += 3_600_000
        #expect(energy(bench)["watts_saved"] == 80 && energy(bench)["kwh_saved"].double == 0.08)
        // A later sleep without a reading before it saves what the last reading said.
        for power in [Power.on, .off] { bench.turn { engine, now in engine.powerSeen(Self.node1, .success(power), now: now) } }
        #expect(energy(bench)["watts_saved"] == 80)
    }
}
