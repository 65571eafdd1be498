import MusterCore
import MusterEngine
import MusterSim
import Testing

/// A backup is restored after the server has moved: the fleet does what the lost engine told it, and the new one knows nothing of it.
@Suite struct RestoreTests {
    private let shop = ServerID("shop")

    /// Shop runs on node1 when the backup is made, and on another machine when the engine is lost.
    private func lostEngine() async throws -> (lost: Scene, backup: MemoryStore, made: Timestamp, machine: String) {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.run(for: 3_000)
        try await scene.startShop()
        let first = try #require(try await scene.engine().host(of: shop))
        let backup = MemoryStore(copying: scene.store)
        let made = scene.time.now().wall
        scene.fleet.change("bmc" + first.rawValue.suffix(1)) { $0.isFrozen = true }
        try await scene.run { $0.host(of: shop) != first && $0.state(of: shop) == .running }
        let second = try #require(try await scene.engine().host(of: shop))
        return (scene, backup, made, "bmc" + second.rawValue.suffix(1))
    }

    private func restored(_ lost: Scene, _ backup: MemoryStore, _ made: Timestamp) async throws -> Scene {
        var engine = Engine(try await backup.load())
        engine.restore(backup: made, operatorName: "Ann", now: lost.time.now())
        try await backup.commit(engine.drain().batch)
        return try await Scene(store: backup, fleet: lost.fleet, time: lost.time)
    }

    @Test func itLooksWithoutTouchingAndThenTakesOverWithOneWriter() async throws {
        let (lost, backup, made, machine) = try await lostEngine()
        let fleet = lost.fleet
        let (orders, exports, epoch) = (fleet.orders, fleet.openExports, fleet.machine(machine)?.epoch)
        let scene = try await restored(lost, backup, made)
        try await scene.run(for: 30_000)
        // What the lost engine left goes on, and the new one says why it does nothing.
        #expect(fleet.orders == orders && fleet.openExports == exports)
        #expect(fleet.machine(machine)?.epoch == epoch && fleet.machine(machine)?.bootRemaining == nil)
        #expect(try await scene.engine().world.servers[shop]?.blocked?.reason.contains("restored from a backup") == true)
        #expect(try await scene.eventNames().contains("resource.unproven node" + machine.suffix(1)))

        try await scene.loop.turn { engine, now in engine.arm(true, operatorName: "Ann", now: now) }
        try await scene.run(300_000) { $0.world.general.restored == nil && $0.state(of: shop) == .running }
        #expect(fleet.violations.isEmpty)
        let claim = try #require(try await scene.engine().world.aliveClaim(of: shop))
        #expect(claim.epoch > Epoch(1_000_000))
        #expect(fleet.openExports == [claim.epoch])
    }

    @Test func aFleetAsTheBackupKnowsItIsLeftRunning() async throws {
        let lost = try await Scene()
        try await lost.apply()
        try await lost.run(for: 3_000)
        try await lost.startShop()
        let (orders, exports) = (lost.fleet.orders, lost.fleet.openExports)
        let scene = try await restored(lost, MemoryStore(copying: lost.store), lost.time.now().wall)
        try await scene.run { $0.state(of: shop) == .running }
        try await scene.loop.turn { engine, now in engine.arm(true, operatorName: "Ann", now: now) }
        try await scene.run { $0.world.general.restored == nil }
        try await scene.run(for: 10_000)
        #expect(lost.fleet.orders == orders && lost.fleet.openExports == exports)
        #expect(try await scene.engine().state(of: shop) == .running)
    }
}
