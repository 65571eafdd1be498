import Foundation
import MusterCore
import MusterEngine
import Testing

/// What a run may touch is what its code declared when it began.
@Suite struct CapabilityTests {
    private func hookRun(_ bench: inout Bench, needs: [Capability]?) throws -> RunID {
        var declaration = HookDeclaration.on("user.go", id: "go")
        declaration.needs = needs
        bench.load("go.lua", [declaration])
        bench.turn { engine, now in engine.note("user.go", data: [:], now: now) }
        return try #require(bench.runs(of: "go").last).id
    }

    @Test(arguments: [
        ("resource.power_off", "node1", Capability.power), ("resource.fence", "node1", .power), ("resource.power_on", "node1", .power),
        ("resource.shut_down", "node1", .power), ("resource.set_boot_device", "node1", .power), ("server.claim", "shop", .storage),
        ("server.release", "shop", .storage), ("server.start", "shop", .servers), ("server.stop", "shop", .servers),
    ]) func whatIsNotDeclaredIsRefused(_ call: String, _ subject: String, _ capability: Capability) throws {
        var bench = Bench()
        let run = try hookRun(&bench, needs: Capability.allCases.filter { $0 != capability })
        let before = bench.engine.world.servers
        bench.step(run, "1", call, [["name": .string(subject)], "node1"])
        guard case .error(let error) = bench.outcome(run, "1") else {
            Issue.record("it was allowed")
            return
        }
        #expect(error.code == .notAllowed)
        #expect(error.message.contains(call) && error.message.contains("\"\(capability.rawValue)\""))
        #expect(error.hint == "add needs { \"\(capability.rawValue)\" } to go.lua")
        #expect(bench.operations.isEmpty && bench.engine.world.claims.isEmpty && bench.engine.world.servers == before)
    }

    @Test func whatIsDeclaredIsAllowed() throws {
        var bench = Bench()
        let run = try hookRun(&bench, needs: [.power])
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        #expect(bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func lookingAndTellingNeedNothing() throws {
        var bench = Bench()
        let run = try hookRun(&bench, needs: [])
        for (number, call) in ["resources.list", "servers.list", "log", "now"].enumerated() {
            bench.step(run, "\(number)", call, ["x"])
            #expect(bench.errorCode(run, "\(number)") == nil, "\(call)")
            #expect(bench.outcome(run, "\(number)") != nil, "\(call)")
        }
    }

    @Test func everyCapabilityButTheEmptyOnesIsNeededByACall() {
        let needed = Set(Effects.names.compactMap(Effects.needs))
        #expect(needed.isSuperset(of: [.power, .storage, .servers]))
    }

    @Test func anOperatorsScriptDeclaresNothing() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        #expect(bench.operations.contains { $0.operation.isPowerOff })
    }

    @Test func aRunKeepsWhatItBeganWith() async throws {
        var bench = Bench()
        let run = try hookRun(&bench, needs: [])
        var declaration = HookDeclaration.on("user.go", id: "go")
        declaration.needs = [.power]
        bench.load("go.lua", [declaration])
        bench.step(run, "1", "resource.power_off", [bench.reference("node1")])
        #expect(bench.errorCode(run, "1") == .notAllowed)
        try await bench.restart()
        bench.step(run, "2", "resource.power_off", [bench.reference("node1")])
        #expect(bench.errorCode(run, "2") == .notAllowed)
    }

    @Test func anotherTryHasNoMoreRightsThanTheFirst() throws {
        var bench = Bench()
        var declaration = HookDeclaration(
            id: HookID("go"), trigger: .event("user.go"), retry: HookDeclaration.Retry(times: 2, backoff: 0), place: "go.lua:1",
            needs: [.storage])
        declaration.memory = 24 << 20
        bench.load("go.lua", [declaration])
        bench.turn { engine, now in engine.note("user.go", data: [:], now: now) }
        let first = try #require(bench.runs(of: "go").last)
        bench.turn { engine, now in engine.runEnded(first.id, .failure(MusterError(.script, "x")), now: now) }
        let second = try #require(bench.runs(of: "go").last)
        #expect(second.id != first.id && second.needs == [.storage] && second.limits == first.limits && second.limits?.memory == 24 << 20)
    }

    @Test func aRunThatOnlyLooksOnAnswersForNoServer() throws {
        var bench = Bench()
        _ = try bench.runShop()
        let watcher = try hookRun(&bench, needs: [.http])
        bench.step(watcher, "1", "server.wait_ready", [["name": "shop"], [:]])
        #expect(bench.engine.world.runs[watcher]?.servers == [])
    }

    @Test func whatWasStoredBeforeFilesDeclaredItStillLoads() throws {
        let declaration = #"{"id":"f#1","trigger":{"event":{"_0":"resource.failed"}},"place":"f.lua:1"}"#
        let hook = try Value(json: #"{"declaration":\#(declaration),"file":"f.lua","code":"h","cursor":3,"active":true}"#).decode(Hook.self)
        #expect(hook.declaration.needs == nil)
        var run = Run(
            id: RunID(1), hook: HookID("f#1"), key: "", cause: .event(EventID(1)), code: "h", status: .running,
            at: Timestamp(milliseconds: 1), argument: .null, seed: 1)
        run.needs = nil
        let stored = try Value(encoding: run)
        #expect(stored["needs"].isNull)
        #expect(try stored.decode(Run.self) == run)
    }
}
