import Foundation
import MusterCore
import MusterEngine
import SweepWire
import Synchronization
import Testing

/// One failover from the first start of an engine to the server running on the standby, through all its engines' deaths.
final class SweepStory: Sendable {
    /// Where and how engines are killed.
    struct Plan: Sendable {
        /// Where the first, second, … engine dies by its own hand.
        var fates: [Fate] = []
        /// Kills from outside: so many microseconds after a round has begun.
        var kills: [(round: Int, microseconds: UInt32)] = []
        /// Kills so many microseconds after a start, one for each start that follows the first death.
        var restarts: [UInt32] = []
        var mutation: SweepMutation?
        /// Milliseconds that pass for the machines while no engine lives.
        var pause: Int64 = 0
        /// The machine that froze goes on where it was while the engine is dead.
        var thaws = false
        /// What a power loss leaves of the store's files at each death.
        var tear: Tear.Way?
        /// The first engine's commit at which its disk is full, and whether it has a reserve then.
        var full: (commit: Int, hasReserve: Bool)?

        var words: String {
            var parts = fates.map { "\($0.kind) \($0.number) \($0.when)" }
            parts += kills.map { "round \($0.round) + \($0.microseconds) µs" }
            parts += restarts.map { "restart + \($0) µs" }
            if let mutation { parts.append("\(mutation)") }
            if pause > 0 { parts.append("pause \(pause) ms") }
            if thaws { parts.append("thaw") }
            if let tear { parts.append("torn: \(tear)") }
            if let full { parts.append("disk full at commit \(full.commit), \(full.hasReserve ? "with" : "without") reserve") }
            return parts.isEmpty ? "undisturbed" : "killed at " + parts.joined(separator: ", ")
        }
    }

    struct Outcome: Sendable {
        var deaths = 0
        var rounds = 0
        var commits = 0
        var calls = 0
        var tears = 0
        var wasShort = false
        /// The machine that froze went on before anybody switched it off.
        var cameBack = false
        var isOver = false
    }

    let plan: Plan
    let folder: Folder
    let fleet: WatchedFleet
    /// What is durable, as it can be read from here.
    let ledger: Ledger
    let disk: Disk?
    private let listening: Int32

    init(_ plan: Plan) async throws {
        self.plan = plan
        folder = try Folder()
        disk = plan.full == nil ? nil : try await Disk(at: folder.path + "/state", kibibytes: 12 << 10)
        ledger = Ledger(path: (disk?.path ?? folder.path + "/state") + "/muster.sqlite", isElsewhere: disk != nil)
        fleet = WatchedFleet(ledger: ledger)
        listening = try UnixSocket.listen(folder.path + "/fleet")
    }

    deinit { close(listening) }

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
        if let full = plan.full {
            orders.reserve = full.hasReserve ? 4 << 20 : 0
            orders.asksBeforeCommit = life == 0 ? full.commit : nil
        }
        return orders
    }

    /// Starts an engine; nil when it died before it was ready.
    func start(life: Int, elapsed: Int64) async throws -> EngineLife? {
        let engine = try EngineLife(orders(life: life, elapsed: elapsed), command: disk?.command ?? [])
        if life > 0, life <= plan.restarts.count { Self.kill(engine, after: plan.restarts[life - 1]) }
        let connected = try await engine.connects(to: listening) { [fleet, disk, weak engine] request, body in
            if let answer = engine?.hears(request, body) { return answer }
            guard request == "commit" else { return try await fleet.answer(request, body) }
            disk?.fill()
            return .null
        }
        guard connected else { return nil }
        while engine.started == nil {
            let end = engine.ended
            if end == .killed { return nil }
            // What it said before it exited may still be on its way.
            if let end, engine.started == nil, (try? engine.wire()) == nil {
                throw MusterError("exited", "the engine did not start: \(end)")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        try engine.started?.get()
        return engine
    }

    static func kill(_ engine: EngineLife, after microseconds: UInt32) {
        Thread.detachNewThread {
            usleep(microseconds)
            // A process that was waited for has no number any more that could be hit by mistake.
            if engine.ended == nil { Glibc.kill(engine.pid, SIGKILL) }
        }
    }

    /// Tells the story to its end, and a little further: what comes late must do no harm either.
    func tell(limit: Int = 4_000, random: SeededGenerator = SeededGenerator(seed: 1)) async throws -> Outcome {
        var teller = Teller(self, random)
        while teller.outcome.rounds < limit, !teller.outcome.isOver { try await teller.goOn() }
        if teller.outcome.isOver, disk != nil { try await Fullness.ends(&teller) }
        try await teller.engine?.kill()
        return teller.outcome
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
