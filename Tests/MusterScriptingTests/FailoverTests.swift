import MusterCore
import MusterEngine
import Testing

@Suite struct FailoverTests {
    let shop = ServerID("shop")

    @Test func aFrozenMachinesServerComesBackOnAStandby() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        let first = try #require(try await scene.engine().host(of: shop))
        #expect(first == ResourceID("node1"))
        scene.fleet.change("bmc1") { $0.isFrozen = true }
        try await scene.run { $0.host(of: shop) == ResourceID("node2") && $0.host(of: shop) != first && $0.state(of: shop) == .running }
        let engine = try await scene.engine()
        #expect(engine.host(of: shop) == ResourceID("node2"))
        #expect(engine.world.resources[first].map(engine.state(of:)) == .fenced)
        #expect(scene.fleet.machine("bmc1")?.isOn == false)
        #expect(scene.fleet.orders == ["on bmc1", "off bmc1", "on bmc2"])
        #expect(scene.fleet.violations.isEmpty)
        #expect(scene.fleet.openExports == [Epoch(2)])
        let names = try await scene.events().map(\.name)
        #expect(names.filter { $0 == "resource.failed" }.count == 1)
    }

    @Test func stopGivesTheClaimBack() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        try await scene.loop.turn { engine, now in try engine.setTarget(.stopped, of: ServerID("shop"), now: now) }
        try await scene.run { $0.state(of: shop) == .stopped }
        #expect(scene.fleet.openExports.isEmpty)
        #expect(scene.fleet.orders == ["on bmc1", "soft bmc1"])
    }

    @Test func aSilentControllerBlocksTheServerLoudly() async throws {
        let scene = try await Scene()
        try await scene.apply(Scene.fleetFile.replacing("bmc = {", with: "fence = { \"bmc\" }, bmc = {"))
        try await scene.startShop()
        scene.fleet.change("bmc1") {
            $0.isFrozen = true
            $0.bmcSilent = true
        }
        try await scene.run { $0.state(of: shop) == .blocked }
        let blocked = try #require(try await scene.engine().world.servers[shop]?.blocked)
        #expect(blocked.reason.contains("does not answer"))
        #expect(scene.fleet.orders == ["on bmc1"])
        // An operator's word that it is off lets it go on.
        _ = try await scene.loop.turn { engine, now in
            try engine.confirmOff(ResourceID("node1"), operatorName: "maria", now: now)
        }
        try await scene.run { $0.host(of: shop) == ResourceID("node2") && $0.state(of: shop) == .running }
    }

    @Test func withoutHooksNothingIsSilentlyAbsent() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        try await scene.loop.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        let blocked = try #require(try await scene.engine().world.servers[shop]?.blocked)
        #expect(blocked.remedy.contains("hooks/servers.lua"))
        #expect(try await scene.eventNames().contains("server.blocked "))
    }
}
