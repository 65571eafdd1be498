import Foundation
import MusterCore
import MusterEngine
import SweepWire
import Synchronization
import Testing

/// One failover from the first start of an engine to the server running on the standby, through all its engines' deaths.
final class Story: Sendable {
    /// Where and how engines are killed.
    struct Plan: Sendable {
        /// Where the first, second, … engine dies by its own hand.
        var fates: [Fate] = []
        /// Kills from outside: so many microseconds after a round has begun.
        var kills: [(round: Int, microseconds: UInt32)] = []
        /// Kills so many microseconds after a start, one for each start that follows the first death.
        var restarts: [UInt32] = []
        var mutation: Mutation?
        /// Milliseconds that pass for the machines while no engine lives.
        var pause: Int64 = 0

        var words: String {
            let parts =
                fates.map { "\($0.kind) \($0.number) \($0.when)" } + kills.map { "round \($0.round) + \($0.microseconds) µs" }
                + restarts.map { "restart + \($0) µs" } + [mutation.map { "\($0)" } ?? "", pause > 0 ? "pause \(pause) ms" : ""]
            return "killed at " + parts.filter { !$0.isEmpty }.joined(separator: ", ")
        }
    }

    struct Outcome: Sendable {
        var deaths = 0
        var rounds = 0
        var commits = 0
        var calls = 0
        var isOver = false
    }

    let plan: Plan
    let folder: Folder
    let fleet: WatchedFleet
    private let listening: Int32

    init(_ plan: Plan) throws {
        self.plan = plan
        folder = try Folder()
        fleet = WatchedFleet(ledger: Ledger(path: folder.path + "/state/muster.sqlite"))
        listening = try UnixSocket.listen(folder.path + "/fleet")
    }

    deinit { close(listening) }

    var ledger: Ledger { Ledger(path: folder.path + "/state/muster.sqlite") }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    static let fleetFile = """
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        for i = 1, 3 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "256M", cpus = 1,
            bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        image "shop" { path = "/dev/null" }
        server "shop" {
          image = "shop", memory = "128M", address = "10.77.0.100/24", target = "running", ready = { http = "http://10.77.0.100/" },
        }
        """

    func orders(life: Int, elapsed: Int64) -> EngineOrders {
        var orders = EngineOrders(
            socket: folder.path + "/fleet", state: folder.path + "/state", hooks: Self.root + "/hooks", library: Self.root + "/stdlib",
            fleet: Self.fleetFile)
        orders.fate = life < plan.fates.count ? plan.fates[life] : nil
        orders.mutation = plan.mutation
        orders.elapsed = elapsed
        return orders
    }

    /// Starts an engine; nil when it died before it was ready.
    func start(life: Int, elapsed: Int64) async throws -> EngineLife? {
        fleet.engineStarts()
        let engine = try EngineLife(orders(life: life, elapsed: elapsed))
        if life > 0, life <= plan.restarts.count { Self.kill(engine, after: plan.restarts[life - 1]) }
        guard try await engine.connects(to: listening, { [fleet] in try await fleet.answer($0, $1) }) else { return nil }
        while !fleet.isReady {
            if let end = engine.ended {
                if end != .killed { throw fleet.failure ?? MusterError("exited", "the engine did not start: \(end)") }
                return nil
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        return engine
    }

    private static func kill(_ engine: EngineLife, after microseconds: UInt32) {
        Thread.detachNewThread {
            usleep(microseconds)
            // A process that was waited for has no number any more that could be hit by mistake.
            if engine.ended == nil { Glibc.kill(engine.pid, SIGKILL) }
        }
    }

    /// Tells the story to its end, and a little further: what comes late must do no harm either.
    func tell(limit: Int = 4_000, afterDeath: (Story) throws -> Void = { _ in }) async throws -> Outcome {
        var outcome = Outcome()
        var elapsed: Int64 = 0
        var engine: EngineLife?
        var lives = 0
        var calm = 0
        var isFrozen = false
        while outcome.rounds < limit, calm < 30 {
            guard let living = engine, living.ended == nil else {
                if let dead = engine {
                    #expect(dead.ended == .killed, "\(plan.words): an engine ended by itself")
                }
                if lives > 0 {
                    outcome.deaths += 1
                    elapsed += plan.pause
                    try afterDeath(self)
                }
                engine = try await start(life: lives, elapsed: elapsed)
                lives += 1
                continue
            }
            outcome.rounds += 1
            elapsed += 250
            for kill in plan.kills where kill.round == outcome.rounds { Self.kill(living, after: kill.microseconds) }
            do {
                try await fleet.live(milliseconds: 250, RemoteAuthority(life: living, fleet: fleet))
                let status = try await living.wire().request("tick", .int(elapsed))
                (outcome.commits, outcome.calls) = (Int(status["commits"].int ?? 0), Int(status["calls"].int ?? 0))
                let isSettled = status["state"] == "running" && status["runs"] == 0
                if isSettled, status["resource"] == "node1", !isFrozen {
                    isFrozen = true
                    fleet.machines.change("bmc1") { $0.isFrozen = true }
                }
                calm = isSettled && status["resource"] == "node2" && fleet.machines.openExports == [Epoch(2)] ? calm + 1 : 0
            } catch let error as MusterError where error.code == "gone" {
                calm = 0
                while living.ended == nil { try await Task.sleep(for: .milliseconds(1)) }
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        outcome.isOver = calm >= 30
        try await engine?.kill()
        return outcome
    }
}

/// A folder that is gone with the test.
final class Folder: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "muster-sweep-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
