import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import Synchronization
import Testing

/// Rule 7: a commit that fails never happened, and the loop goes on from what did.
@Suite struct FailedCommitTests {
    @Test func aSessionThatIdlesSurvivesTheLoopsReload() async throws {
        let scene = try await Scene()
        try await scene.apply()
        #expect(try await scene.scripting.evaluate(session: "s", text: "1 + 1", operatorName: "maria")["output"] == "2")
        scene.store.fail(with: MusterError(.storeFull, "no room"))
        await #expect(throws: MusterError.self) { try await scene.loop.turn { engine, now in engine.note("user.x", data: [:], now: now) } }
        scene.store.fail(with: nil)
        try await scene.recovered()
        #expect(try await scene.scripting.evaluate(session: "s", text: "2 + 2", operatorName: "maria")["output"] == "4")
    }

    @Test func nothingIsShownThatIsNotDurable() async throws {
        let scene = try await Scene()
        try await scene.apply()
        let before = try await scene.engine().world.general.lastEvent
        scene.store.fail(with: MusterError(.storeFull, "no room"))
        await #expect(throws: MusterError.self) {
            try await scene.loop.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        }
        let engine = try await scene.engine()
        #expect(engine.world.general.lastEvent == before)
        #expect(engine.world.servers[ServerID("shop")]?.target == .stopped)
        scene.store.fail(with: nil)
        try await scene.recovered()
        try await scene.startShop()
        #expect(scene.fleet.violations.isEmpty)
    }

    @Test func aFailoverWhoseCommitsFailForAWhileComesToItsEnd() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        scene.fleet.change("bmc1") { $0.isFrozen = true }
        try await scene.run { engine in engine.world.resources[ResourceID("node1")]?.failure != nil }
        scene.store.fail(with: MusterError(.storeFull, "no room"))
        for _ in 1...3 { _ = try? await scene.loop.turn { engine, now in engine.note("user.x", data: [:], now: now) } }
        scene.store.fail(with: nil)
        try await scene.recovered()
        try await scene.run { $0.host(of: ServerID("shop")) == ResourceID("node2") && $0.state(of: ServerID("shop")) == .running }
        #expect(scene.fleet.orders.filter { $0 == "off bmc1" }.count == 1)
        #expect(scene.fleet.violations.isEmpty)
    }

    @Test func aResultForTheEngineBeforeIsNoneForTheEngineAfter() async throws {
        let (store, power) = (MemoryStore(), HeldPower())
        let fleet = SimulatedFleet()
        let loop = try await EngineLoop(
            store: store, drivers: Drivers(power: power, exports: fleet, readiness: fleet, secrets: fleet), time: VirtualTime())
        var declared = FleetDeclaration(file: "f")
        for number in 1...2 {
            let mac = try #require(MACAddress("52:54:00:77:00:0\(number)"))
            let bmc = BMC(address: "bmc\(number)", user: "u", passwordSecret: "s")
            declared.resources.append(
                Declared(Resource(id: ResourceID("node\(number)"), macs: [mac], memoryMiB: 1, bmc: bmc), place: "f:1"))
        }
        let wanted = declared
        _ = try await loop.turn { engine, now in try engine.apply(wanted, now: now) }
        try await loop.turn { engine, now in try engine.fence(ResourceID("node1"), operatorName: "maria", now: now) }
        try await power.waits(for: ["bmc1"])
        store.fail(with: MusterError(.storeFull, "no room"))
        _ = try? await loop.turn { engine, now in engine.note("user.x", data: [:], now: now) }
        store.fail(with: nil)
        for _ in 1...1_000 where (try? await loop.turn { engine, now in engine.note("user.x", data: [:], now: now) }) == nil {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await loop.turn { engine, now in try engine.fence(ResourceID("node2"), operatorName: "maria", now: now) }
        try await power.waits(for: ["bmc1", "bmc2"])
        power.seenOff("bmc1")
        for _ in 1...20 { try await Task.sleep(for: .milliseconds(5)) }
        let evidence = try await loop.turn { engine, _ in engine.world.evidence.values.map(\.resource) }
        #expect(!evidence.contains(ResourceID("node2")), "node2 was never seen off")
        power.seenOff("bmc2")
    }

    @Test func hooksThatCouldNotBeLoadedWhileTheStoreFailedAreLoadedLater() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', function() log('seen') end)"])
        let scene = try await Scene(hooks: folder.path)
        try folder.write("a.lua", "on('user.x', function() log('new') end)")
        scene.store.fail(with: MusterError(.storeFull, "no room"))
        await #expect(throws: MusterError.self) { try await scene.scripting.hooks.refresh() }
        scene.store.fail(with: nil)
        try await scene.recovered()
        try await scene.scripting.hooks.refresh()
        try await scene.loop.turn { engine, now in engine.note("user.x", data: [:], now: now) }
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["new"])
    }
}

/// A folder of hook files that is gone with the test.
final class HookDirectory: Sendable {
    let path: String
    init(_ files: [String: String]) throws {
        path = NSTemporaryDirectory() + "muster-hooks-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/lib", withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }
    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name)) }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Scene {
    /// What scripts logged, in order.
    func logs() async throws -> [String] {
        var texts: [String] = []
        for run in try await store.runs(limit: 1_000).reversed() {
            for step in try await store.steps(of: run.id) where step.name == "log" { texts += step.arguments.compactMap(\.string) }
        }
        return texts
    }

    /// Waits until the loop takes turns again: after failures in a row it pauses before it loads.
    func recovered() async throws {
        for _ in 1...1_000 {
            if (try? await note("user.recovered")) != nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the loop takes no turns")
    }

    func note(_ name: String, _ data: Fields = [:]) async throws {
        try await loop.turn { engine, now in engine.note(name, data: data, now: now) }
    }
}

/// Controllers that see a machine off when the test says so.
private final class HeldPower: PowerDriver {
    private let held = Mutex<[String: CheckedContinuation<Void, Never>]>([:])

    func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String {
        await withCheckedContinuation { continuation in held.withLock { $0[access.bmc.address] = continuation } }
        return "\(access.bmc.address) read off"
    }
    func waits(for addresses: [String]) async throws {
        for _ in 1...1_000 where held.withLock({ $0.keys.sorted() }) != addresses { try await Task.sleep(for: .milliseconds(2)) }
        #expect(held.withLock { $0.keys.sorted() } == addresses)
    }
    func seenOff(_ address: String) { held.withLock { $0.removeValue(forKey: address) }?.resume() }
    func reading(_ access: PowerAccess) async throws -> Power { .on }
    func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws {}
    func softOff(_ access: PowerAccess) async throws {}
    func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws {}
    func guid(_ access: PowerAccess) async throws -> String { "" }
}
