import MusterCore
import MusterEngine
import Testing

/// Rules 4 to 6 in large and over long times.
@Suite struct IsolationTests {
    private func large(_ count: Int, servers: Bool = false) throws -> (Bench, [MACAddress]) {
        var bench = Bench()
        let macs = (1...count).compactMap { MACAddress(octets: [0x52, 0x54, 0, 1, UInt8($0 / 256), UInt8($0 % 256)]) }
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.quietTime = 0
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = macs.enumerated().map { number, mac in
            var host = Bench.host(number + 1, mac)
            host.bmc = nil
            return Declared(host, place: "f:1")
        }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        return (bench, macs)
    }

    @Test func machinesThatDiedLongAgoDoNotIsolateTheNext() throws {
        var (bench, macs) = try large(8)
        for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
        for dead in 1...4 {
            bench.pass(60_000, beating: Array(macs[dead...]))
            #expect(bench.count("resource.failed") == dead)
        }
        #expect(bench.count("resource.held") == 0)
    }

    @Test func manyThatFallTogetherStayHeld() throws {
        var (bench, macs) = try large(8)
        for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
        bench.pass(1_000, beating: macs)
        bench.pass(120_000, beating: Array(macs[5...]))
        #expect(bench.count("resource.held") == 5)
        #expect(bench.count("resource.failed") == 0)
        // The network is back: nobody was fenced.
        bench.pass(1_000, beating: macs)
        #expect(bench.engine.world.resources.values.allSatisfy { $0.failure == nil })
    }

    /// They come back one after the other: those that have not beaten yet are not dead because the others are back.
    @Test func whoComesBackLastIsNotTakenForDead() throws {
        var (bench, macs) = try large(8)
        for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
        bench.pass(1_000, beating: macs)
        bench.pass(60_000)
        #expect(bench.count("resource.held") == 8)
        // All but one are heard again, and the last one soon after.
        bench.pass(5_000, beating: Array(macs[..<7]))
        #expect(bench.count("resource.failed") == 0)
        bench.pass(60_000, beating: macs)
        #expect(bench.count("resource.failed") == 0)
        #expect(bench.engine.world.resources.values.allSatisfy { $0.failure == nil })
    }

    /// One that stays away when the others are back has failed, a whole detection time later.
    @Test func whoStaysAwayHasFailed() throws {
        var (bench, macs) = try large(8)
        for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
        bench.pass(1_000, beating: macs)
        bench.pass(60_000)
        bench.pass(9_000, beating: Array(macs[..<7]))
        #expect(bench.count("resource.failed") == 0)
        bench.pass(3_000, beating: Array(macs[..<7]))
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func aStartThatTimesOutInTheQuietTimeFailsAfterIt() async throws {
        var bench = Bench(quiet: 15_000)
        let run = try bench.runShop()
        _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        bench.milliseconds += 600_000
        try await bench.restart()
        bench.pass(320_000)
        #expect(bench.count("resource.start_timeout") == 1)
        #expect(bench.count("resource.failed") == 1)
    }

    @Test func aStartIsNotTimedWhileNobodyCouldBeHeard() throws {
        var bench = Bench()
        _ = try bench.runShop()
        _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        bench.pass(1_000)
        bench.turn { engine, now in engine.network(isUp: false, now: now) }
        bench.pass(400_000)
        bench.turn { engine, now in engine.network(isUp: true, now: now) }
        bench.pass(10_000)
        #expect(bench.count("resource.start_timeout") == 0)
    }

    @Test func aClockThatIsSetForwardTimesOutNoStart() throws {
        var bench = Bench()
        _ = try bench.runShop()
        _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: Bench.mac), now: now) }
        bench.pass(1_000)
        bench.wallOffset = 3_600_000
        bench.pass(5_000)
        #expect(bench.count("resource.start_timeout") == 0)
    }

    @Test func aTickLooksAtNoMachineThatIsWell() throws {
        func looks(_ count: Int) throws -> Int {
            var (bench, macs) = try large(count)
            for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
            bench.pass(1_000)
            for mac in macs { #expect(bench.beginToBeat(mac) == .ok) }
            bench.pass(1_000)
            // One of them falls silent, the others go on.
            bench.turn { engine, now in engine.fellSilent(ResourceID("node1"), now: now) }
            let before = bench.engine.looks
            bench.pass(60_000)
            #expect(bench.count("resource.failed") == 1)
            return bench.engine.looks - before
        }
        let (few, many) = (try looks(20), try looks(2_000))
        #expect(few == many, "a minute with one dead machine: \(few) looks among 20 machines, \(many) among 2,000")
        #expect(many < 10)
    }

    @Test func aLargeFleetThatFallsSilentAtOnceIsLookedAtInOneTurn() throws {
        var (bench, macs) = try large(3_000)
        for (number, mac) in macs.enumerated() { try bench.boot(mac, id: "b\(number)") }
        bench.pass(10_000)
        let before = bench.engine.looks
        bench.pass(1_000)
        #expect(bench.count("resource.held") == 3_000)
        #expect(bench.engine.looks - before <= 3_000 * 3, "each was looked at a few times: \(bench.engine.looks - before) looks")
    }
}
