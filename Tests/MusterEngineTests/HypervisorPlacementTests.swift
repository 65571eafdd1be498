import MusterCore
import Testing

@testable import MusterEngine

/// Virtual machines as candidates: as long as their hypervisor is there and has room.
@Suite struct HypervisorPlacementTests {
    /// node1 (1 GiB) idles, or is in whichever state; node2 is off, web-a and web-b were never started.
    private func bench(_ change: (inout FleetDeclaration) -> Void = { _ in }) throws -> Bench {
        var bench = Bench()
        try bench.declareGuests(change)
        try bench.boot(Bench.mac, id: "h")
        for name in ["node2", "web-a", "web-b"] { bench.reads(name, .off) }
        return bench
    }

    private func names(_ bench: inout Bench, _ server: String = "shop") -> [String] {
        let run = bench.run()
        bench.step(run, "1", "server.candidates", [["name": .string(server)], [:]])
        guard case .value(let value) = bench.outcome(run, "1") else { return [] }
        return (value["machines"].array ?? []).compactMap { $0["name"].string }
    }

    private func objection(_ bench: Bench, _ name: String, _ server: String = "shop") -> String? {
        guard let machine = bench.machine(name), let server = bench.engine.world.servers[ServerID(server)] else { return nil }
        return bench.engine.objection(to: machine, for: server)?.words
    }

    private func claim(_ bench: inout Bench, _ server: String, on machine: String) {
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": .string(server)], ["name": .string(machine)]])
        #expect(
            bench.engine.world.aliveClaim(of: ServerID(server))?.resource.rawValue == machine,
            "\(String(describing: bench.outcome(run, "claim")))")
    }

    @Test func idleComesBeforeWokenAndWokenBeforeCreated() throws {
        var bench = try bench()
        #expect(names(&bench) == ["node1", "node2", "web-a", "web-b"])
        let value = try bench.turn { engine, now in try engine.whyValue(ServerID("shop"), nil, nil, now: now) }
        let reasons = (value["candidates"].array ?? []).map { ($0["reasons"].array ?? []).compactMap(\.string) }
        #expect(
            reasons.map(\.first) == [
                "idle, so it need not be woken", "off, to be woken by its BMC", "not there, to be created by node1",
                "not there, to be created by node1",
            ])
    }

    @Test func aGuestIsHadWhileItsHypervisorIsThere() throws {
        var bench = try bench()
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID("node1"), now: now) }
        #expect(names(&bench) == ["node2"] && objection(bench, "web-a") == "is a guest of node1, which is in maintenance")
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        #expect(names(&bench).contains("web-a"))
        bench.pass(4_000)
        #expect(names(&bench) == ["node2"] && objection(bench, "web-a") == "is a guest of node1, which is suspect")
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "web-a"]])
        #expect(bench.errorCode(run, "claim") == .wrongState)
        bench.pass(8_000)
        #expect(objection(bench, "web-a") == "is a guest of node1, which is failed")
    }

    @Test func oneThatBootsItsOwnDiskIsThereWhileItReadsOn() throws {
        var bench = Bench()
        try bench.declareGuests()
        for name in ["node1", "node2", "web-a", "web-b"] { bench.reads(name, .off) }
        #expect(objection(bench, "web-a") == "is a guest of node1, which is off")
        bench.reads("node1", .on)
        #expect(objection(bench, "web-a") == "is a guest of node1, which is starting")
        _ = bench.turn { engine, now in
            engine.plan(
                for: BootRequest(mac: Bench.mac),
                decision: Decision(answers: [.init(hook: HookID("h"), result: .success(["plan": "local"]))]), now: now)
        }
        #expect(
            bench.machine("node1")?.boot?.local == true && objection(bench, "web-a") == nil, "\(String(describing: bench.machine("node1")))"
        )
    }

    @Test func guestsThatAreInUseTakeTheirMemory() throws {
        var bench = try bench { fleet in fleet.resources[3].object.memoryMiB = 900 }
        #expect(names(&bench) == ["node1", "node2", "web-a", "web-b"])
        claim(&bench, "till", on: "web-a")
        #expect(names(&bench) == ["node2"])
        #expect(objection(bench, "web-b") == "finds no room, its hypervisor node1 has 768 MiB left for guests")
        #expect(objection(bench, "node1") == "carries web-a")
    }

    @Test func whatARunKeepsCountsAsInUse() throws {
        var bench = try bench { fleet in fleet.resources[3].object.memoryMiB = 900 }
        let keeper = bench.run()
        bench.step(keeper, "1", "reserve", [["web-a"], [:]])
        #expect(names(&bench, "till") == ["node2", "web-a"], "its hypervisor is about to carry it, and has no room for the other")
        bench.turn { engine, now in engine.runEnded(keeper, .success(.null), now: now) }
        #expect(names(&bench, "till") == ["node1", "node2", "web-a", "web-b"])
        let other = bench.run()
        bench.step(other, "1", "reserve", [["node1"], [:]])
        #expect(objection(bench, "web-a") == "is a guest of node1, which run \(other) keeps")
    }

    @Test func aServerThatFoundNoRoomIsPlacedWhenThereIsSome() throws {
        var bench = try bench { fleet in fleet.resources[3].object.memoryMiB = 900 }
        claim(&bench, "till", on: "web-a")
        #expect(!bench.engine.world.free.contains(ResourceID("web-b")))
        let evidence = bench.turn { engine, now in engine.record(.off, ResourceID("web-a"), epoch: Epoch(1), detail: "seen", now: now) }
        try bench.turn { engine, now in engine.spend(evidence, on: try #require(engine.world.claims[Epoch(1)]), now: now) }
        #expect(bench.engine.world.free.contains(ResourceID("web-b")) && bench.engine.world.free.contains(ResourceID("node1")))
    }

    @Test func serversThatAreToBeApartAreNeverOnOnePhysicalMachine() throws {
        var bench = try bench { fleet in fleet.servers[1].object.antiAffinity = ["shop"] }
        claim(&bench, "shop", on: "web-a")
        #expect(names(&bench, "till") == ["node2"])
        #expect(objection(bench, "web-b", "till") == "is on node1 with shop, from which it is to be apart")
        // Either of them may say it.
        bench = try self.bench { fleet in fleet.servers[0].object.antiAffinity = ["till"] }
        claim(&bench, "shop", on: "node1")
        #expect(objection(bench, "web-a", "till") == "is on node1 with shop, from which it is to be apart")
        bench = try self.bench()
        claim(&bench, "shop", on: "web-a")
        #expect(names(&bench, "till") == ["node2", "web-b"])
    }

    @Test func aPoolWouldRatherNotShareAHypervisor() throws {
        var bench = try bench { fleet in
            for index in fleet.servers.indices { fleet.servers[index].object.pool = "web" }
            var third = Bench.guest("web-c", MACAddress(octets: [2, 0, 0, 0, 0, 9])!, of: "node2")  // six octets
            third.memoryMiB = 256
            fleet.resources.append(Declared(third, place: "fleet.lua:1"))
        }
        try bench.boot(Bench.otherMAC, id: "h2")
        bench.reads("web-c", .off)
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        claim(&bench, "shop", on: "web-a")
        #expect(names(&bench, "till") == ["node2", "web-c", "web-b"], "together is better than not at all")
    }

    @Test func guestsOfABusyHypervisorComeAfterOthers() throws {
        var bench = try bench { fleet in
            let third = Bench.guest("web-c", MACAddress(octets: [2, 0, 0, 0, 0, 9])!, of: "node2")  // six octets
            fleet.resources.append(Declared(third, place: "fleet.lua:1"))
        }
        try bench.boot(Bench.otherMAC, id: "h2")
        bench.reads("web-c", .off)
        func load(_ machine: String, _ load: Double) {
            bench.turn { engine, now in engine.loadSeen(ResourceID(machine), LoadObservation(load: load, at: now.monotonic)) }
        }
        load("node1", 0.6)
        #expect(names(&bench) == ["node2", "node1", "web-a", "web-b", "web-c"])
        load("node1", 0.8)
        #expect(names(&bench) == ["node2", "node1", "web-c", "web-a", "web-b"])
        let value = try bench.turn { engine, now in try engine.whyValue(ServerID("shop"), nil, nil, now: now) }
        #expect(value["candidates"].array?.last?["reasons"].array?.first == "node1 is busy: a load of 0.8 for each CPU")
        load("node2", 1.4)
        #expect(names(&bench) == ["node2", "node1", "web-a", "web-b", "web-c"])
    }

    @Test func aGuestStandsInTheRackOfItsHypervisor() throws {
        var bench = try bench { fleet in
            fleet.resources[0].object.rack = "a"
            fleet.resources[1].object.rack = "b"
            fleet.servers[1].object.affinity = ["shop"]
        }
        #expect(bench.engine.world.free.ordered.map(\.rack) == ["a", "b", "a", "a"])
        claim(&bench, "shop", on: "web-a")
        #expect(names(&bench, "till") == ["web-b", "node2"])
        #expect(bench.engine.resourceValue(try #require(bench.machine("web-a")))["rack"] == "a")
        #expect(bench.engine.resourceValue(try #require(bench.machine("node1")))["guests"] == ["web-a"])
    }
}
