import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import Testing

/// Rule 7: a full disk stops acceptance with a clear error, and running failovers finish.
@Suite struct ShortageTests {
    private func answer(_ scene: Scene, _ request: String, _ arguments: Value = [:]) async throws -> MusterError.Code? {
        do {
            _ = try await Control(loop: scene.loop, scripts: scene.scripting).answer(request, arguments, operatorName: "maria")
            return nil
        } catch let error as MusterError { return error.code }
    }

    @Test func whatIsNewIsRefusedAndWhatEndsWorkIsNot() async throws {
        let scene = try await Scene()
        try await scene.apply()
        scene.store.run(short: true)
        try await scene.run(for: 500)
        let script: Value = ["source": "log('x')", "file": "x.lua"]
        #expect(try await answer(scene, "script", script) == .storeFull)
        #expect(try await answer(scene, "evaluate", ["session": "s", "text": "1"]) == .storeFull)
        #expect(try await answer(scene, "server.start", ["name": "shop"]) == .storeFull)
        #expect(try await answer(scene, "apply", ["source": "", "file": "fleet.lua"]) == .storeFull)
        #expect(try await answer(scene, "arm") == .storeFull)
        for request in ["status", "resources", "events", "runs", "hooks", "disarm"] { #expect(try await answer(scene, request) == nil) }
        #expect(try await answer(scene, "run.answer", ["id": 1, "answer": "x"]) != .storeFull)
        #expect(try await answer(scene, "fence", ["name": "node1", "confirm_off": true]) == nil)
        let status = try await Control(loop: scene.loop, scripts: scene.scripting).answer("status", .null, operatorName: "maria")
        #expect(status["store_short"] == true)
        scene.store.run(short: false)
        try await scene.run(for: 500)
        #expect(try await answer(scene, "script", script) == nil)
        let names = try await scene.events().map(\.name).filter { $0.hasPrefix("store.") }
        #expect(names == ["store.full", "store.room"])
    }

    @Test func aFailoverThatBeginsOnAFullDiskComesToItsEnd() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        scene.store.run(short: true)
        scene.fleet.change("bmc1") { $0.isFrozen = true }
        try await scene.run { $0.host(of: ServerID("shop")) == ResourceID("node2") && $0.state(of: ServerID("shop")) == .running }
        #expect(scene.fleet.violations.isEmpty)
    }

    @Test func anUnknownMachineWaitsUntilThereIsRoom() async throws {
        let scene = try await Scene()
        scene.store.run(short: true)
        let mac = try #require(MACAddress("52:54:00:77:00:99"))
        let report = MachineReport(mac: mac, token: "t", bootID: "b", uuid: nil, memoryMiB: 1, cpus: 1, epoch: nil, address: nil)
        await #expect { try await scene.loop.report(report) } throws: { ($0 as? MusterError)?.code == .storeFull }
        scene.store.run(short: false)
        try await scene.loop.report(report)
        #expect(try await scene.engine().world.resources.count == 1)
    }

    @Test func timersAndNewHookCodeWaitUntilThereIsRoom() async throws {
        let folder = try HookDirectory(["a.lua": "every('1s', function() log('tick') end)"])
        let scene = try await Scene(hooks: folder.path)
        try await scene.run(for: 2_500)
        let before = try await scene.logs().count
        #expect(before > 0)
        scene.store.run(short: true)
        try folder.write("a.lua", "every('1s', function() log('new') end)")
        try await scene.scripting.hooks.refresh()
        try await scene.run(for: 3_000)
        #expect(try await scene.logs().count == before)
        scene.store.run(short: false)
        try await scene.scripting.hooks.refresh()
        try await scene.run(for: 2_500)
        #expect(try await scene.logs().last == "new")
    }
}
