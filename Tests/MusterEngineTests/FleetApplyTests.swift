import MusterCore
import MusterEngine
import Testing

/// Declared fleets over what is running.
@Suite struct FleetApplyTests {
    private func fleet(_ bench: Bench, _ change: (inout FleetDeclaration) -> Void) -> FleetDeclaration {
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Bench.mac, Bench.otherMAC].enumerated().map { Declared(Bench.host($0 + 1, $1), place: "fleet.lua:\($0 + 1)") }
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "fleet.lua:8")]
        fleet.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop"), memoryMiB: 128), place: "fleet.lua:9")]
        change(&fleet)
        return fleet
    }

    @Test func twoMachinesMaySwapTheirCards() throws {
        var bench = Bench()
        let swapped = fleet(bench) {
            $0.resources[0].object.macs = [Bench.otherMAC]
            $0.resources[1].object.macs = [Bench.mac]
        }
        _ = try bench.turn { engine, now in try engine.apply(swapped, now: now) }
        #expect(bench.engine.world.resource(mac: Bench.mac)?.id == ResourceID("node2"))
        #expect(bench.engine.world.resource(mac: Bench.otherMAC)?.id == ResourceID("node1"))
    }

    @Test func aDiscoveredMachineThatRunsAServerIsNotRenamedUnderIt() throws {
        var bench = Bench()
        let mac = try #require(MACAddress("52:54:00:aa:bb:cc"))
        try bench.boot(mac, id: "b")
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "shop"], ["name": "machine-525400aabbcc"]])
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop")) != nil)
        let declared = fleet(bench) { $0.resources.append(Declared(Bench.host(3, mac), place: "fleet.lua:3")) }
        #expect { try bench.turn { engine, now in try engine.apply(declared, now: now) } } throws: {
            ($0 as? MusterError)?.code == .claimAlive && ($0 as? MusterError)?.place == "fleet.lua:3"
        }
        #expect(bench.engine.world.resource(mac: mac)?.id == ResourceID("machine-525400aabbcc"))
    }

    @Test func aCardOfAMachineThatRunsAServerStays() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let mac = try #require(MACAddress("52:54:00:aa:bb:cc"))
        let changed = fleet(bench) { $0.resources[0].object.macs = [mac] }
        #expect(throws: MusterError.self) { try bench.turn { engine, now in try engine.apply(changed, now: now) } }
        let more = fleet(bench) { $0.resources[0].object.macs.append(mac) }
        _ = try bench.turn { engine, now in try engine.apply(more, now: now) }
    }

    @Test func aServerJoinsAPoolAndStaysAsItIs() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let pooled = fleet(bench) { $0.servers[0].object.pool = "web" }
        let differences = bench.engine.plan(pooled)
        #expect(differences.flatMap(\.details).contains { $0.hasPrefix("pool: ") && $0.hasSuffix("\"web\"") })
        _ = try bench.turn { engine, now in try engine.apply(pooled, now: now) }
        #expect(bench.engine.serverValues.array?.first?["pool"] == "web")
        #expect(bench.engine.world.aliveClaim(of: ServerID("shop")) != nil)
        #expect(bench.engine.plan(pooled).isEmpty)
    }

    @Test func aCardFoundByItselfJoinsItsDeclaredMachine() throws {
        var bench = Bench()
        let mac = try #require(MACAddress("52:54:00:aa:bb:cc"))
        try bench.boot(mac, id: "b")
        let more = fleet(bench) { $0.resources[0].object.macs.append(mac) }
        _ = try bench.turn { engine, now in try engine.apply(more, now: now) }
        #expect(bench.engine.world.resource(mac: mac)?.id == ResourceID("node1"))
        #expect(bench.engine.world.resources.count == 2)
    }
}
