import MusterCore
import MusterEngine
import Testing

/// What jumps from deadline to deadline misses nothing: the same happens at the same time as under a clock that ticks all the while.
@Suite struct DeadlineTests {
    private static let grid: Int64 = 50

    /// A fleet whose drivers answer at once, under one of the two clocks.
    private struct Walk {
        var bench = Bench()
        let jumps: Bool
        var powers: [ResourceID: Power] = [:]
        var ticks = 0
        let macs = (1...6).compactMap { MACAddress(octets: [0x52, 0x54, 0, 0x77, 0, UInt8($0)]) }

        init(jumps: Bool) throws {
            self.jumps = jumps
            var fleet = FleetDeclaration(file: "f")
            fleet.settings.quietTime = 5_000
            fleet.bootNetwork = bench.engine.world.general.bootNetwork
            fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "f:1")]
            fleet.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop")), place: "f:1")]
            fleet.resources = macs.enumerated().map { Declared(Bench.host($0 + 1, $1), place: "f:1") }
            for item in fleet.resources { powers[item.object.id] = .on }
            _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
            tick()
        }

        private mutating func tick() {
            ticks += 1
            bench.turn { engine, now in
                engine.slept(until: now.monotonic)
                engine.tick(now: now)
            }
            answer()
        }

        /// What drivers and scripts do at once.
        private mutating func answer() {
            while let (id, operation) = bench.operations.popLast() {
                let result: OperationResult
                switch operation {
                case .readPower(let resource, _, _): result = .power(powers[resource] ?? .on)
                case .powerOff(let resource, _, _, _, _, _):
                    powers[resource] = .off
                    result = .words("read back off")
                case .openExport(let request, _): result = .export(Export(epoch: request.epoch, host: "10.77.0.1", port: 10_809, name: "x"))
                default: result = .words("done")
                }
                bench.turn { engine, now in engine.operationFinished(id, .success(result), now: now) }
            }
            for run in bench.engine.world.runs.values.sorted(by: { $0.id < $1.id }) where run.status == .running {
                switch run.hook.rawValue {
                case "tick": bench.turn { engine, now in engine.runEnded(run.id, .success(.null), now: now) }
                case "fail":
                    bench.turn { engine, now in engine.runEnded(run.id, .failure(MusterError("broken", "it fails")), now: now) }
                default: break
                }
            }
        }

        /// Lets time pass until a moment of the grid.
        mutating func pass(to end: Int64) {
            while bench.milliseconds < end {
                if jumps {
                    let next = bench.engine.nextDeadline(now: bench.now).map { bench.milliseconds + ($0 - bench.now.monotonic) } ?? .max
                    // A clock of the grid sees what is due at its next tick, and what it changed itself at the one after.
                    let at = max(bench.milliseconds + 1, next)
                    bench.milliseconds = min(end, at > end ? end : (at + grid - 1) / grid * grid)
                    if at > end { break }
                } else {
                    bench.milliseconds += grid
                }
                tick()
            }
        }

        mutating func turn(_ at: Int64, _ body: (inout Bench) throws -> Void) rethrows {
            pass(to: at)
            try body(&bench)
            answer()
        }

        var story: [String] {
            bench.events.map {
                "\($0.at.milliseconds) \($0.name) \($0.resource?.rawValue ?? "") \($0.server?.rawValue ?? "") \(Value.object($0.data).json)"
            }
        }
    }

    private static func story(jumps: Bool) throws -> (story: [String], ticks: Int) {
        var walk = try Walk(jumps: jumps)
        let (macs, node) = (walk.macs, { (number: Int) in ResourceID("node\(number)") })
        try walk.turn(1_000) { bench in
            let code = CodeBundle(hash: "t", main: "t.lua", sources: ["t.lua": ""])
            bench.turn { engine, now in
                engine.loadHooks(
                    file: "t.lua", code: code,
                    [
                        HookDeclaration(id: HookID("tick"), trigger: .timer(7_000), place: "t.lua:1"),
                        HookDeclaration(
                            id: HookID("fail"), trigger: .event("user.go"), retry: .init(times: 2, backoff: 4_000), place: "t.lua:2"),
                    ], now: now)
            }
            for (number, mac) in macs.enumerated() {
                try bench.boot(mac, id: "b\(number)")
                bench.beginToBeat(mac)
            }
        }
        try walk.turn(9_950) { bench in _ = try bench.turn { engine, now in try engine.emitUser("user.go", [:], key: "k", now: now) } }
        var run = RunID(0)
        walk.turn(12_000) { bench in
            run = bench.run()
            bench.step(run, "1", "sleep", ["7s"])
            bench.step(run, "2", "wait_for", ["user.never", ["timeout": "30s"]])
            bench.step(run, "3", "server.claim", [["name": "shop"], ["name": "node1"]])
        }
        // One dies, and its controller says so later; one hangs.
        walk.turn(30_000) { bench in bench.turn { engine, now in engine.fellSilent(node(1), now: now) } }
        walk.powers[node(1)] = .off
        walk.turn(60_000) { bench in bench.turn { engine, now in engine.fellSilent(node(2), now: now) } }
        walk.turn(71_000) { bench in bench.beginToBeat(macs[1]) }
        // Most of them at once, and back.
        walk.turn(90_000) { bench in for number in 2...5 { bench.turn { engine, now in engine.fellSilent(node(number), now: now) } } }
        walk.turn(101_000) { bench in bench.beginToBeat(macs[2]) }
        walk.turn(102_000) { bench in bench.beginToBeat(macs[1]) }
        walk.turn(130_000) { bench in bench.turn { engine, now in engine.network(isUp: false, now: now) } }
        walk.turn(131_000) { bench in bench.turn { engine, now in engine.fellSilent(node(6), now: now) } }
        walk.turn(150_000) { bench in bench.turn { engine, now in engine.network(isUp: true, now: now) } }
        // Disarmed, one dies; armed, it is acted on.
        walk.turn(170_000) { bench in bench.turn { engine, now in engine.arm(false, operatorName: "maria", now: now) } }
        walk.turn(171_000) { bench in bench.turn { engine, now in engine.fellSilent(node(2), now: now) } }
        walk.turn(190_000) { bench in bench.turn { engine, now in engine.arm(true, operatorName: "maria", now: now) } }
        try walk.turn(200_000) { bench in try bench.turn { engine, now in try engine.fence(node(2), operatorName: "maria", now: now) } }
        // One starts and never comes.
        walk.turn(210_000) { bench in _ = bench.turn { engine, now in engine.plan(for: BootRequest(mac: macs[5]), now: now) } }
        walk.pass(to: 600_000)
        return (walk.story, walk.ticks)
    }

    @Test func jumpingMissesNothing() throws {
        let (ticked, jumped) = (try Self.story(jumps: false), try Self.story(jumps: true))
        for (one, other) in zip(ticked.story, jumped.story) where one != other {
            Issue.record("ticking: \(one)\njumping: \(other)")
            break
        }
        #expect(ticked.story.count == jumped.story.count)
        let names = Set(ticked.story.map { $0.split(separator: " ")[1] })
        for name in [
            "resource.suspect", "resource.failed", "resource.held", "resource.returned", "resource.fenced", "resource.start_timeout",
            "run.failed",
        ] {
            #expect(names.contains(Substring(name)), "the story has no \(name)")
        }
        #expect(jumped.ticks < ticked.ticks / 5, "\(ticked.ticks) ticks by the clock, \(jumped.ticks) by deadlines")
    }
}
