import MusterCore
import MusterEngine
import Testing

/// Hooks: what they are called for, and what not.
@Suite struct HookTests {
    @Test func aHookThatListensForSomethingElseStartsAtNow() throws {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        for number in 1...3 { bench.turn { engine, now in engine.note("user.b", data: ["n": .int(Int64(number))], now: now) } }
        bench.load("a.lua", [.on("user.b", id: "a#1")])
        #expect(bench.runs(of: "a#1").isEmpty)
    }

    @Test func theBacklogOfAFileThatWasAwayIsDeliveredOnce() throws {
        var bench = Bench()
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        bench.turn { engine, now in engine.note("user.a", data: [:], now: now) }
        bench.turn { engine, now in engine.unloadHooks(file: "a.lua", now: now) }
        bench.turn { engine, now in engine.note("user.a", data: [:], now: now) }
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        bench.load("a.lua", [.on("user.a", id: "a#1")])
        #expect(bench.runs(of: "a#1").count == 2)
    }

    @Test func anEventOfTheBacklogNamesTheIncarnationItSpokeOf() throws {
        var bench = Bench()
        bench.load("failover.lua", [.on("resource.failed", id: "f")])
        bench.turn { engine, now in engine.unloadHooks(file: "failover.lua", now: now) }
        _ = try bench.runShop()
        bench.pass(11_000)
        #expect(bench.count("resource.failed") == 1)
        // It comes back long before the hook does.
        bench.beat(Bench.mac)
        bench.load("failover.lua", [.on("resource.failed", id: "f")])
        let run = try #require(bench.runs(of: "f").first)
        let dead = run.argument["resource"]
        bench.step(run.id, "1", "resource.fence", [["name": dead["name"], "incarnation": dead["incarnation"]]])
        #expect(bench.errorCode(run.id, "1") == .stale)
    }

    @Test func aHookThatOnlyTellsOfBlockedServersTakesNothingOn() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        bench.load("tell.lua", [.on("server.blocked", id: "tell")])
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        #expect(bench.state(of: "shop") == "blocked")
        for _ in 1...20 {
            guard let run = bench.runs(of: "tell").first?.id else { break }
            bench.turn { engine, now in engine.runEnded(run, .failure(MusterError("webhook", "no route")), now: now) }
        }
        #expect(bench.count("server.blocked") == 1)
        #expect(bench.count("server.unblocked") == 0)
        #expect(bench.engine.world.servers[ServerID("shop")]?.lastError == nil)
    }

    @Test func whatABlockedServerWantsOfPeopleFollowsTheHooks() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        func remedy() -> String? { bench.engine.world.servers[ServerID("shop")]?.blocked?.remedy }
        #expect(remedy()?.contains("no hook reacts to server.wanted") == true)
        bench.load("servers.lua", [.on("server.wanted", id: "s")])
        #expect(remedy() == "muster server start shop")
        #expect(bench.count("server.blocked") == 1)
    }

    @Test func aHookThatTriesAgainAtOnceDoesNotSpin() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        bench.load("again.lua", [.on("server.blocked", id: "again")])
        try bench.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        for _ in 1...20 {
            guard let run = bench.runs(of: "again").first?.id else { break }
            bench.step(run, "1", "server.wait_ready", [["name": "shop"]])
            bench.turn { engine, now in engine.runEnded(run, .failure(MusterError("no_capacity", "none")), now: now) }
        }
        #expect(bench.count("server.blocked") <= 3)
        #expect(bench.state(of: "shop") == "blocked")
    }

    @Test func aHookThatFailsOnFailedRunsDoesNotFeedItself() throws {
        var bench = Bench()
        bench.load("watch.lua", [.on("run.failed", id: "one"), .on("run.failed", id: "two")])
        let run = bench.run()
        bench.turn { engine, now in engine.runEnded(run, .failure(MusterError("x", "first")), now: now) }
        for _ in 1...50 {
            guard let next = (bench.runs(of: "one") + bench.runs(of: "two")).first?.id else { break }
            bench.turn { engine, now in engine.runEnded(next, .failure(MusterError("x", "again")), now: now) }
        }
        #expect(bench.count("run.failed") == 3)
    }

    @Test func timersTickAndSurviveAClockThatIsSetBack() async throws {
        var bench = Bench()
        bench.load("t.lua", [.every(1_000, id: "t")])
        func end(_ bench: inout Bench) {
            for run in bench.runs(of: "t") { bench.turn { engine, now in engine.runEnded(run.id, .success(.null), now: now) } }
        }
        var ticks = 0
        for _ in 1...20 {
            bench.pass(250)
            ticks += bench.runs(of: "t").count
            end(&bench)
        }
        #expect((3...5).contains(ticks))
        try await bench.restart()
        bench.wallOffset = -86_400_000
        ticks = 0
        for _ in 1...20 {
            bench.pass(250)
            ticks += bench.runs(of: "t").count
            end(&bench)
        }
        #expect((3...5).contains(ticks))
    }
}
