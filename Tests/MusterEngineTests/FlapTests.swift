import MusterCore
import MusterEngine
import Testing

@Suite struct FlapTests {
    /// Node1 runs the shop, fails, and comes back, so many times.
    private func bench(failures: Int) throws -> Bench {
        var bench = Bench()
        _ = try bench.runShop()
        for _ in 0..<failures {
            bench.pass(12_000)
            bench.beat(Bench.mac)
        }
        return bench
    }

    private var isFlapping: (Bench) -> Bool { { $0.node1?.isFlapping == true } }

    @Test func twoFailuresAreNoFlapping() throws {
        let bench = try bench(failures: 2)
        #expect(bench.count("resource.failed") == 2)
        #expect(!isFlapping(bench) && bench.count("resource.flapping") == 0)
    }

    @Test func theThirdWithinTheTimeIsAndIsToldOnce() throws {
        var bench = try bench(failures: 3)
        #expect(isFlapping(bench) && bench.count("resource.flapping") == 1)
        bench.pass(12_000)
        #expect(bench.count("resource.failed") == 4)
        #expect(bench.count("resource.flapping") == 1)
    }

    @Test func itIsChosenAfterAllOthers() throws {
        var bench = try bench(failures: 3)
        let run = bench.run()
        bench.step(run, "off", "resource.power_off", [bench.reference("node1")])
        try bench.answer(.success(.words("read off"))) { $0.isPowerOff }
        bench.step(run, "release", "server.release", [["name": "shop"]])
        bench.reads("node2", .off)
        bench.step(run, "found", "server.candidates", [["name": "shop"], [:]])
        guard case .value(let value) = bench.outcome(run, "found") else { return #expect(Bool(false), "no answer") }
        #expect(value["machines"].array?.map { $0["name"] } == ["node2", "node1"])
    }

    @Test func itEndsWithTimeAndWhenSomebodyHasLookedAfterIt() throws {
        var bench = try bench(failures: 3)
        bench.pass(3_590_000, beating: [Bench.mac])
        #expect(isFlapping(bench))
        bench.pass(30_000, beating: [Bench.mac])
        #expect(!isFlapping(bench) && bench.count("resource.steady") == 1)

        var other = try self.bench(failures: 3)
        for mode in [Mode.maintenance, .active] {
            try other.turn { engine, now in try engine.setMode(mode, of: ResourceID("node1"), now: now) }
        }
        #expect(!isFlapping(other) && other.count("resource.steady") == 1)
    }

    @Test func failuresFarApartAreNoFlapping() throws {
        var bench = try bench(failures: 2)
        bench.pass(3_600_000, beating: [Bench.mac])
        bench.pass(12_000)
        #expect(bench.count("resource.failed") == 3 && !isFlapping(bench))
    }
}

@Suite struct FailoverLimitTests {
    @Test func noMoreThanTheLimitAreUnderWayAndTheHighestPriorityGoesFirst() throws {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings.quietTime = 0
        fleet.settings.failoverLimit = 2
        fleet.settings.isolationCount = 100
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        let macs = (1...5).compactMap { MACAddress(octets: [2, 0, 0, 0, 0, UInt8($0)]) }
        for (index, mac) in macs.enumerated() {
            let name = "s\(index + 1)"
            fleet.resources.append(Declared(Bench.host(index + 1, mac), place: "fleet.lua:1"))
            fleet.images.append(Declared(Image(id: ImageID(name), path: "/\(name).raw"), place: "fleet.lua:2"))
            fleet.servers.append(
                Declared(Server(id: ServerID(name), image: ImageID(name), memoryMiB: 1, priority: index), place: "fleet.lua:3"))
        }
        try bench.turn { engine, now in _ = try engine.apply(fleet, now: now) }
        bench.turn { engine, now in engine.tick(now: now) }
        let run = bench.run()
        for (index, mac) in macs.enumerated() {
            let name = "s\(index + 1)"
            try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID(name), now: now) }
            bench.step(run, "claim\(index)", "server.claim", [["name": .string(name)], ["name": .string("node\(index + 1)")]])
            let epoch = try #require(bench.engine.world.claims.values.first { $0.server.rawValue == name }?.epoch)
            try bench.answer(.success(.export(Export(epoch: epoch, host: "10.77.0.1", port: 10_809, name: name)))) {
                if case .openExport = $0 { true } else { false }
            }
            try bench.boot(mac, id: "boot-\(index)")
        }
        bench.load("failover.lua", [.on("resource.failed", id: "failover")])
        bench.pass(12_000)
        #expect(bench.count("resource.failed") == 5)

        func underWay() -> [RunID] { bench.runs(of: "failover").filter { $0.status == .running }.map(\.id) }
        var order: [String] = []
        var seen: Set<RunID> = []
        while let next = underWay().first {
            #expect(underWay().count <= 2)
            for id in underWay() where seen.insert(id).inserted {
                order.append(bench.engine.world.runs[id]?.servers.first?.rawValue ?? "?")
            }
            bench.turn { engine, now in engine.runEnded(next, .success(.null), now: now) }
        }
        // The first two came before any waited; of those that waited the highest priority goes first.
        #expect(order.count == 5)
        #expect(Array(order.dropFirst(2)) == order.dropFirst(2).sorted(by: >))
    }
}
