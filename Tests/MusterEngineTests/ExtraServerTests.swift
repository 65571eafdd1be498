import MusterCore
import Testing

@testable import MusterEngine

/// Failovers preempt scaling: a server that a policy adds takes a machine after those that ran before, whatever its priority.
@Suite struct ExtraServerTests {
    /// Two machines; extra, of the highest priority, belongs to a pool, and shop runs on node1.
    private func bench() throws -> Bench {
        var bench = Bench()
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings = bench.engine.world.general.settings
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        fleet.resources = [Bench.host(1, Bench.mac), Bench.host(2, Bench.otherMAC)].map { Declared($0, place: "fleet.lua:1") }
        for (name, priority) in [("shop", 1), ("extra", 9)] {
            fleet.images.append(Declared(Image(id: ImageID(name), path: "/\(name).raw"), place: "fleet.lua:8"))
            let server = Server(
                id: ServerID(name), image: ImageID(name), memoryMiB: 128, priority: priority, pool: name == "extra" ? "web" : nil)
            fleet.servers.append(Declared(server, place: "fleet.lua:9"))
        }
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        let run = try bench.runShop()
        bench.step(run, "ready", "server.wait_ready", [["name": "shop"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        bench.turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
        bench.reads("node2", .off)
        return bench
    }

    private func start(_ bench: inout Bench, byPolicy: Bool) throws {
        try bench.turn { engine, now in
            try engine.setTarget(.running, of: ServerID("extra"), why: byPolicy ? "run 7 asked for it" : nil, now: now)
        }
    }

    private func reserve(_ bench: inout Bench, _ server: String) -> (run: RunID, answer: Value) {
        let run = bench.run()
        bench.step(run, "1", "server.reserve", [["name": .string(server)], ["priority": 100]])
        guard case .value(let value)? = bench.outcome(run, "1") else { return (run, .null) }
        return (run, value)
    }

    private func extra(_ bench: Bench) -> Server? { bench.engine.world.servers[ServerID("extra")] }

    @Test func aFailoverTakesTheMachineThatIsKeptForAnAddedServer() throws {
        var bench = try bench()
        try start(&bench, byPolicy: true)
        let scaling = reserve(&bench, "extra")
        #expect(scaling.answer["machine"]["name"] == "node2")
        bench.pass(11_000)
        #expect(bench.node1?.failure != nil)
        #expect(reserve(&bench, "shop").answer == .object(["waits": true]))
        #expect(bench.events.last { $0.name == "run.preempted" }?.data["run"] == .int(scaling.run.rawValue))
        bench.turn { engine, now in engine.runEnded(scaling.run, .failure(Engine.cancellation), now: now) }
        #expect(reserve(&bench, "shop").answer["machine"]["name"] == "node2")
    }

    @Test func oneThatSomebodyWantsIsNotPreempted() throws {
        var bench = try bench()
        try start(&bench, byPolicy: false)
        #expect(reserve(&bench, "extra").answer["machine"]["name"] == "node2")
        bench.pass(11_000)
        #expect(reserve(&bench, "shop").answer == .object(["waits": true]) && bench.count("run.preempted") == 0)
    }

    @Test func anAddedServerLeavesTheLastMachineToOneThatIsAboutToNeedIt() throws {
        var bench = try bench()
        bench.load(
            "servers.lua",
            [
                HookDeclaration(
                    id: HookID("servers#1"), trigger: .event("resource.failed"), key: "resource", place: "servers.lua:1",
                    needs: [.power, .storage])
            ])
        try start(&bench, byPolicy: true)
        bench.pass(4_000)
        #expect(reserve(&bench, "extra").answer == .object(["waits": true]), "the machine of the shop is suspect")
        try start(&bench, byPolicy: false)
        #expect(reserve(&bench, "extra").answer["machine"]["name"] == "node2", "an operator's word, and nine is more than one")
    }

    @Test func onceItRunsItIsOneThatRan() throws {
        var bench = try bench()
        try start(&bench, byPolicy: true)
        #expect(extra(bench)?.isExtra == true)
        let run = bench.run()
        bench.step(run, "claim", "server.claim", [["name": "extra"], ["name": "node2"]])
        try bench.answer(.success(.export(Export(epoch: Epoch(2), host: "10.77.0.1", port: 10_810, name: "x")))) {
            if case .openExport = $0 { true } else { false }
        }
        bench.step(run, "ready", "server.wait_ready", [["name": "extra"]])
        try bench.answer(.success(.done)) { if case .waitReady = $0 { true } else { false } }
        #expect(extra(bench)?.isExtra == nil)
    }

    @Test func listsOfServersLookAtNoOthers() throws {
        var bench = try bench()
        let run = bench.run()
        func names(_ address: String, _ options: Value) -> [String?] {
            bench.step(run, address, "servers.list", [options])
            guard case .value(let value)? = bench.outcome(run, address) else { return [] }
            return (value.array ?? []).map { $0["name"].string }
        }
        #expect(names("1", .null) == ["extra", "shop"])
        #expect(names("2", ["pool": "web"]) == ["extra"] && names("3", ["pool": "none"]) == [])
        #expect(names("4", ["looking": true]) == [])
        try start(&bench, byPolicy: true)
        #expect(names("5", ["looking": true]) == ["extra"] && names("6", ["looking": true, "pool": "none"]) == [])
    }
}
