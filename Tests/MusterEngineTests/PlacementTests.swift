import MusterCore
import MusterEngine
import Testing

@Suite struct PlacementTests {
    /// Two machines that are read off; more are declared by `hosts`.
    private func bench(_ hosts: [Resource] = [], servers: [Server] = [Self.shop]) throws -> Bench {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings.quietTime = 0
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        let all = hosts.isEmpty ? [Bench.host(1, Bench.mac), Bench.host(2, Bench.otherMAC)] : hosts
        fleet.resources = all.map { Declared($0, place: "fleet.lua:1") }
        fleet.images = servers.map { Declared(Image(id: $0.image, path: "/\($0.image).raw"), place: "fleet.lua:8") }
        fleet.servers = servers.map { Declared($0, place: "fleet.lua:9") }
        try bench.turn { engine, now in _ = try engine.apply(fleet, now: now) }
        bench.turn { engine, now in engine.tick(now: now) }
        for host in all { bench.reads(host.id.rawValue, .off) }
        return bench
    }

    private static let shop = Server(id: ServerID("shop"), image: ImageID("shop"), memoryMiB: 128)

    private static func host(_ number: Int, memory: Int64 = 256, tags: [String] = [], rack: String? = nil) -> Resource {
        var host = Bench.host(number, MACAddress(octets: [2, 0, 0, 0, 0, UInt8(number)])!)  // six octets
        (host.memoryMiB, host.tags, host.rack) = (memory, tags, rack)
        return host
    }

    private static func server(_ name: String, priority: Int = 0, pool: String? = nil) -> Server {
        Server(id: ServerID(name), image: ImageID(name), memoryMiB: 128, priority: priority, pool: pool)
    }

    private func names(_ bench: inout Bench, _ server: String = "shop", _ options: Value = [:]) -> [String] {
        let run = bench.run()
        bench.step(run, "1", "server.candidates", [["name": .string(server)], options])
        guard case .value(let value) = bench.outcome(run, "1") else { return [] }
        return (value["machines"].array ?? []).compactMap { $0["name"].string }
    }

    @Test func theSmallestThatFitsComesFirst() throws {
        var bench = try bench([Self.host(1, memory: 1_024), Self.host(2, memory: 64), Self.host(3, memory: 128), Self.host(4, memory: 512)])
        #expect(names(&bench) == ["node3", "node4", "node1"])
        #expect(names(&bench, "shop", ["limit": 1]) == ["node3"])
        #expect(names(&bench, "shop", ["except": ["node3": "was tried"]]) == ["node4", "node1"])
        #expect(names(&bench, "shop", ["prefer": "node1", "avoid": "node3"]) == ["node1", "node4", "node3"])
    }

    @Test func machinesLeaveTheListAsTheyChange() throws {
        var bench = try bench()
        #expect(names(&bench) == ["node1", "node2"])
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID("node1"), now: now) }
        #expect(names(&bench) == ["node2"])
        bench.reads("node2", .on)
        #expect(names(&bench).isEmpty)
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        #expect(names(&bench) == ["node1"])
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        #expect(names(&bench).isEmpty)
    }

    @Test func anIdleMachineComesBeforeOneThatIsOff() throws {
        var bench = try bench()
        bench.reads("node2", .on)
        try bench.boot(Bench.otherMAC, id: "b")
        #expect(names(&bench) == ["node2", "node1"])
    }

    @Test func wishesOrderAndNeverExclude() throws {
        var shop = Self.shop
        (shop.prefer, shop.avoid) = (["fast"], ["node1"])
        var bench = try bench([Self.host(1), Self.host(2), Self.host(3, memory: 512, tags: ["fast"])], servers: [shop])
        #expect(names(&bench) == ["node3", "node2", "node1"])
    }

    @Test func aPoolIsSpreadOverRacksAndAffinityFollows() throws {
        var cache = Self.server("cache")
        cache.affinity = ["web1"]
        var bench = try bench(
            [Self.host(1, rack: "a"), Self.host(2, rack: "a"), Self.host(3, rack: "b")],
            servers: [Self.server("web1", pool: "web"), Self.server("web2", pool: "web"), cache])
        #expect(names(&bench, "web2") == ["node1", "node2", "node3"])
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "web1"], ["name": "node1"]])
        #expect(names(&bench, "web2") == ["node3", "node2"])
        #expect(names(&bench, "cache") == ["node2", "node3"])
    }

    @Test func tenServersAndOneSpareGiveOneReservation() throws {
        let servers = (1...10).map { Self.server("s\($0)", priority: $0) }
        var bench = try bench([Self.host(1)], servers: servers)
        bench.load(
            "servers.lua",
            [
                HookDeclaration(
                    id: HookID("servers#1"), trigger: .event("server.wanted"), key: "server", place: "servers.lua:1",
                    needs: [.power, .storage])
            ])
        for server in servers { try bench.turn { engine, now in try engine.setTarget(.running, of: server.id, now: now) } }
        let runs = servers.map { _ in bench.run() }
        for (server, run) in zip(servers, runs) { bench.step(run, "1", "server.reserve", [["name": .string(server.id.rawValue)], [:]]) }
        let answers = runs.map { bench.outcome($0, "1") }
        // The one of the highest priority, though it asked last.
        for answer in answers.dropLast() { #expect(answer == .value(["waits": true])) }
        guard case .value(let last) = answers.last else { return #expect(Bool(false), "no answer") }
        #expect(last["machine"]["name"] == "node1")
        #expect(last["machine"]["reserved_by"].int == runs.last?.rawValue)
    }

    @Test func aReservationOfLessGivesWay() throws {
        var bench = try bench([Self.host(1)])
        let (holder, run) = (bench.run(), bench.run())
        bench.step(holder, "1", "reserve", [["node1"], ["priority": 1]])
        bench.step(holder, "2", "sleep", ["1h"])
        bench.step(run, "1", "server.reserve", [["name": "shop"], ["priority": 1]])
        #expect(bench.outcome(run, "1") == .value(["waits": true]))
        #expect(bench.count("run.preempted") == 0)
        bench.step(run, "2", "server.reserve", [["name": "shop"], ["priority": 2]])
        #expect(bench.outcome(run, "2") == .value(["waits": true]))
        #expect(bench.count("run.preempted") == 1)
        bench.turn { engine, now in engine.runEnded(holder, .failure(Engine.cancellation), now: now) }
        bench.step(run, "3", "server.reserve", [["name": "shop"], ["priority": 2]])
        guard case .value(let value) = bench.outcome(run, "3") else { return #expect(Bool(false), "no answer") }
        #expect(value["machine"]["name"] == "node1")
    }

    @Test func whatNobodyHasLookedAtIsLookedAtBeforeOneIsKept() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        bench.reads("node2", .off)
        let run = bench.run()
        bench.step(run, "1", "server.reserve", [["name": "shop"], [:]])
        guard case .value(let value) = bench.outcome(run, "1") else { return #expect(Bool(false), "no answer") }
        #expect(value["unseen"].array?.map { $0["name"] } == ["node1"])
        #expect(value["machine"].isNull)
        bench.step(run, "2", "server.reserve", [["name": "shop"], ["looked": true]])
        guard case .value(let found) = bench.outcome(run, "2") else { return #expect(Bool(false), "no answer") }
        #expect(found["unseen"].isNull && found["machine"]["name"] == "node2")
    }

    @Test func aSmallFleetIsExplainedByNameAndALargeOneByNumbers() throws {
        var small = try bench([Self.host(1, memory: 64), Self.host(2)])
        try small.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID("node2"), now: now) }
        let run = small.run()
        small.step(run, "1", "server.why_not", [["name": "shop"], [:]])
        #expect(small.outcome(run, "1") == .value("node1 has 64 of 128 MiB; node2 is maintenance"))

        var large = try bench((1...30).map { Self.host($0, memory: $0 <= 20 ? 64 : 256) })
        let other = large.run()
        large.step(other, "1", "server.why_not", [["name": "shop"], ["except": ["node30": "was tried: not ready"]]])
        #expect(large.outcome(other, "1") == .value("node30 was tried: not ready; 20 have too little memory"))
    }
}

@Suite struct CapacityTests {
    /// A server that found no machine, since its only one is in maintenance.
    private func starving() throws -> Bench {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        for name in ["node1", "node2"] { bench.reads(name, .off) }
        for name in ["node1", "node2"] {
            try bench.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID(name), now: now) }
        }
        bench.load(
            "servers.lua",
            [
                HookDeclaration(
                    id: HookID("servers#1"), trigger: .event("server.wanted"), key: "server", place: "servers.lua:1",
                    needs: [.power, .storage])
            ])
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        bench.failWork()
        return bench
    }

    @Test func aServerIsCalledForTheMomentAMachineIsFree() throws {
        var bench = try starving()
        #expect(bench.engine.world.servers[ServerID("shop")]?.blocked != nil)
        #expect(bench.count("server.wanted") == 1)
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node2"), now: now) }
        let wanted = try #require(bench.events.last { $0.name == "server.wanted" })
        #expect(wanted.data["machine"] == "node2")
        #expect(bench.engine.world.servers[ServerID("shop")]?.blocked == nil)
    }

    @Test func aMachineThatItFailedOnIsNotOfferedAgain() throws {
        var bench = try starving()
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node2"), now: now) }
        #expect(bench.count("server.wanted") == 2)
        bench.failWork()
        // It is still free, and nothing has changed.
        bench.pass(60_000)
        #expect(bench.count("server.wanted") == 2)
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        #expect(bench.events.last { $0.name == "server.wanted" }?.data["machine"] == "node1")
        bench.failWork()
        bench.pass(60_000)
        #expect(bench.count("server.wanted") == 3)
        // Somebody worked on it.
        try bench.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID("node1"), now: now) }
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        #expect(bench.count("server.wanted") == 4)
    }

    @Test func aServerThatOnlyWaitedForAMachineIsCalledForWhenItIsGivenBack() throws {
        var bench = try starving()
        let holder = bench.run()
        bench.step(holder, "1", "reserve", [["node2"], ["priority": 100]])
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node2"), now: now) }
        // Kept by another run, so nobody is called.
        #expect(bench.count("server.wanted") == 1)
        bench.turn { engine, now in engine.runEnded(holder, .success(.null), now: now) }
        #expect(bench.count("server.wanted") == 2)
        // Its run finds that another was faster, and gives up.
        let other = bench.run()
        bench.step(other, "1", "reserve", [["node2"], ["priority": 100]])
        let own = try #require(bench.engine.world.runs.values.first { $0.servers.contains(ServerID("shop")) })
        bench.step(own.id, "1", "server.reserve", [["name": "shop"], ["looked": true]])
        #expect(bench.outcome(own.id, "1") == .value(["waits": true]))
        bench.failWork()
        bench.turn { engine, now in engine.runEnded(other, .success(.null), now: now) }
        #expect(bench.count("server.wanted") == 3)
    }

    @Test func aServerThatNeedsLessIsCalledFor() throws {
        var bench = try starving()
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node2"), now: now) }
        bench.failWork()
        #expect(bench.count("server.wanted") == 2)
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        bench.failWork()
        #expect(bench.count("server.wanted") == 3)
        // Both machines were its; one that has more now is another.
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        for resource in bench.engine.world.resources.values.sorted(by: { $0.id < $1.id }) {
            var resource = resource
            if resource.id.rawValue == "node2" { resource.memoryMiB = 4_096 }
            fleet.resources.append(Declared(resource, place: "fleet.lua:1"))
        }
        fleet.images = bench.engine.world.images.values.map { Declared($0, place: "fleet.lua:8") }
        fleet.servers = bench.engine.world.servers.values.map { Declared($0, place: "fleet.lua:9") }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        #expect(bench.events.last { $0.name == "server.wanted" }?.data["machine"] == "node2")
        #expect(bench.count("server.wanted") == 4)
    }

    @Test func anErrorOfAnotherKindCallsForNobody() throws {
        var bench = try starving()
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node2"), now: now) }
        bench.failWork("not_started")
        try bench.turn { engine, now in try engine.setMode(.active, of: ResourceID("node1"), now: now) }
        #expect(bench.count("server.wanted") == 2)
    }
}

extension Bench {
    /// The controller of a machine answers to the question that is open, or to one that is asked now.
    mutating func reads(_ name: String, _ power: Power) {
        let id = ResourceID(name)
        let run = run()
        step(run, "read-\(milliseconds)-\(power)", "resource.read_power", [["name": .string(name)]])
        do {
            try answer(.success(.power(power))) { if case .readPower(id, _, _) = $0 { true } else { false } }
        } catch {
            Issue.record("\(error)")
        }
        turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
    }

    /// The run that works for the shop ends without a machine.
    mutating func failWork(_ code: MusterError.Code = .noCapacity) {
        guard let run = engine.world.runs.values.first(where: { $0.servers.contains(ServerID("shop")) }) else {
            Issue.record("nobody works for the shop")
            return
        }
        turn { engine, now in engine.runEnded(run.id, .failure(MusterError(code, "no machine can run shop")), now: now) }
    }
}
