import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import MusterStore
import SweepWire

/// All parts of one engine, wired together as `muster serve` does it, with the machines in another process and time told by it.
final class TestEngine: Sendable {
    private let loop: EngineLoop
    private let scripting: Scripting
    private let control: Control
    private let time: VirtualTime
    private let directory: StateDirectory
    private let reaper: Reaper
    private let ticks: Ticks

    init(_ orders: EngineOrders, _ wire: Wire) async throws {
        let reaper = Reaper(orders.fate)
        let time = VirtualTime()
        time.advance(milliseconds: orders.elapsed)
        ticks = Ticks(orders.elapsed)
        directory = try StateDirectory(orders.state)
        let store = MortalStore(
            try SQLiteStore(path: directory.database, reserve: orders.reserve ?? 1 << 20, watching: .milliseconds(100)), reaper, wire,
            orders)
        let fleet = RemoteFleet(wire: wire, reaper: reaper)
        let loop = try await EngineLoop(
            store: store, drivers: Drivers(power: fleet, exports: fleet, readiness: fleet, secrets: fleet), time: time)
        let scripting = Scripting(
            loop: loop, folders: SourceFolders(hooks: orders.hooks, library: orders.library), secretExists: { _ in true },
            report: { error in wire.tell("complaint", .string("\(error)")) })
        (self.loop, self.scripting, self.time, self.reaper) = (loop, scripting, time, reaper)
        control = Control(loop: loop, scripts: scripting)
        // What is shown is durable: the other process holds us to it.
        _ = await loop.observe { events in
            events.forEach { event in wire.tell("shown", ["id": .int(event.id.rawValue), "name": .string(event.name)]) }
        }
        await loop.connect(scripting.executor)
        try await scripting.hooks.refresh()
        try await loop.turn { engine, now in engine.resumeRuns(now: now) }
        let declared = try await scripting.fleet(source: orders.fleet, file: "fleet.lua")
        _ = try await loop.turn { engine, now in try engine.apply(declared, now: now) }
    }

    func answer(_ request: String, _ body: Value) async throws -> Value {
        switch request {
        case "tick": return try await tick(body.int ?? 0)
        case "plan": return try plan(try await loop.plan(for: body.decode(BootRequest.self)))
        case "report":
            try await loop.report(body.decode(MachineReport.self))
            return .null
        case "heartbeat": return .string(try await loop.heartbeat(body.decode(Heartbeat.self)).rawValue)
        case "control":
            return try await control.answer(body["request"].string ?? "", body["arguments"], operatorName: "maria")
        default: throw MusterError(.notFound, "there is no request \"\(request)\"")
        }
    }

    /// One look of the engine at its machines at a time that the other process tells, and what became of it.
    private func tick(_ elapsed: Int64) async throws -> Value {
        await ticks.advance(time, to: elapsed)
        if await ticks.isHousekeeping { try await scripting.hooks.refresh() }
        try await loop.turn { engine, now in engine.tick(now: now) }
        let (server, runs) = try await loop.turn { engine, _ in (engine.serverValues.array?.first ?? .null, engine.world.runs.count) }
        return [
            "short": .bool(loop.store.isShort),
            "state": server["state"], "resource": server["resource"], "runs": .int(Int64(runs)),
            "commits": .int(Int64(reaper.count(.commit))), "calls": .int(Int64(reaper.count(.call))),
        ]
    }

    private func plan(_ plan: BootPlan) throws -> Value {
        switch plan {
        case .discover(let token): return ["plan": "discover", "token": .string(token)]
        case .image(let boot):
            return [
                "plan": "image", "token": .string(boot.token), "epoch": .int(boot.epoch.rawValue), "server": .string(boot.server.rawValue),
                "export": try Value(encoding: boot.export),
            ]
        case .local: return ["plan": "local"]
        case .wait(let reason): return ["plan": "wait", "reason": .string(reason)]
        }
    }
}

/// Time passes in one direction.
private actor Ticks {
    private var last: Int64
    private var count = 0

    init(_ elapsed: Int64) { last = elapsed }

    var isHousekeeping: Bool { count % 8 == 0 }

    func advance(_ time: VirtualTime, to elapsed: Int64) {
        count += 1
        time.advance(milliseconds: max(0, elapsed - last))
        last = max(last, elapsed)
    }
}
