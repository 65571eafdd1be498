import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import MusterStore

// Durable runs: `workflow N` has N events each give a hook a run of three steps; `parked N` has N runs wait for one event, restarts the engine
// and wakes them. Prints one line of JSON.

struct Measured: Encodable {
    var what: String
    var runs: Int
    var seconds: Double
    var restartSeconds: Double?
    var wakeSeconds: Double?
    var storeBytesPerRun: Int?
    var memoryBytesPerRun: Int?
}

/// The engine on a real store, with machines that exist only in memory.
struct BenchedEngine {
    let store: SQLiteStore
    let loop: EngineLoop
    let scripting: Scripting

    init(folder: String) async throws {
        store = try SQLiteStore(path: folder + "/muster.sqlite")
        let fleet = SimulatedFleet()
        loop = try await EngineLoop(store: store, drivers: Drivers(power: fleet, exports: fleet, readiness: fleet, secrets: fleet))
        scripting = Scripting(
            loop: loop, folders: SourceFolders(hooks: folder + "/hooks", library: folder), secretExists: { _ in true },
            report: { error in FileHandle.standardError.write(Data("\(error)\n".utf8)) })
        await loop.connect(scripting.executor)
        try await scripting.hooks.refresh()
        try await loop.turn { engine, now in engine.resumeRuns(now: now) }
    }

    func emit(_ name: String, _ range: Range<Int>) async throws {
        try await loop.turn { engine, now in
            for number in range { _ = try engine.emitUser(name, ["n": .string(String(number))], key: nil, now: now) }
        }
    }

    /// Waits until a condition holds, looking a few times a second.
    func until(_ condition: @Sendable @escaping (Engine) -> Bool) async throws {
        while !(try await loop.turn { engine, _ in condition(engine) }) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    let spent = (ContinuousClock.now - start).components
    return Double(spent.seconds) + Double(spent.attoseconds) / 1e18
}

func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0) * 4096
}

let what = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "workflow"
let count = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 0 : 2_000
let folder = FileManager.default.temporaryDirectory.path + "/muster-bench-\(ProcessInfo.processInfo.processIdentifier)"
try FileManager.default.createDirectory(atPath: folder + "/hooks", withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }

let hooks = [
    "workflow": "on('user.order', { key = 'n' }, function(event) log('one') log('two') log('three') end)",
    "parked": "on('user.order', { key = 'n' }, function(event) local go = wait_for('user.go') log(event.data.n) end)",
]
try Data((hooks[what] ?? "").utf8).write(to: URL(fileURLWithPath: folder + "/hooks/order.lua"))

var measured = Measured(what: what, runs: count, seconds: 0)
let engine = try await BenchedEngine(folder: folder)
if what == "workflow" {
    measured.seconds = try await seconds {
        try await engine.emit("user.order", 0..<count)
        try await engine.until { $0.world.general.lastRun == RunID(Int64(count)) && $0.world.runs.isEmpty }
    }
} else {
    measured.seconds = try await seconds {
        for start in stride(from: 0, to: count, by: 1_000) { try await engine.emit("user.order", start..<min(start + 1_000, count)) }
        try await engine.until { $0.world.runs.count == count && $0.waitingSteps == count }
    }
    let size = ["", "-wal"].reduce(0) {
        $0 + ((try? FileManager.default.attributesOfItem(atPath: folder + "/muster.sqlite\($1)")[.size] as? Int) ?? 0)
    }
    measured.storeBytesPerRun = size / max(count, 1)
    let before = residentBytes()
    var again: BenchedEngine?
    measured.restartSeconds = try await seconds { again = try await BenchedEngine(folder: folder) }
    measured.memoryBytesPerRun = (residentBytes() - before) / max(count, 1)
    if let again {
        measured.wakeSeconds = try await seconds {
            try await again.emit("user.go", 0..<1)
            try await again.until { $0.world.runs.isEmpty }
        }
    }
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
print(String(decoding: try encoder.encode(measured), as: UTF8.self))
