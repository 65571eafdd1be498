import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import MusterStore

// Durable runs: `workflow N` has N events each give a hook a run of three steps; `parked N` has N runs wait for one event, ends the engine,
// starts another and wakes them. Prints one line of JSON.
//
// `parked` runs each engine in a process of its own: `park N FOLDER`, then `wake N FOLDER`.

struct Measured: Codable {
    var what: String
    var runs: Int
    var seconds: Double
    /// From the start of the engine until it serves.
    var restartSeconds: Double?
    /// From the event until the last run is over.
    var wakeSeconds: Double?
    var storeBytesPerRun: Int?
    /// What the restarted engine holds for a run that waits.
    var memoryBytesPerRun: Int?
    /// The most that it held at a time while it woke them, also per run.
    var peakBytesPerRun: Int?
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

    /// Waits until a condition holds, looking so seldom that the looking costs little.
    func until(_ condition: @Sendable @escaping (Engine) -> Bool) async throws {
        while !(try await loop.turn { engine, _ in condition(engine) }) { try await Task.sleep(for: .milliseconds(20)) }
    }
}

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    let spent = (ContinuousClock.now - start).components
    return Double(spent.seconds) + Double(spent.attoseconds) / 1e18
}

/// Bytes of this process in memory, as the kernel counts them: now (`VmRSS`), or at most (`VmHWM`).
func residentBytes(_ which: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(which + ":") } ?? ""
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}

/// This program once more, in a process of its own; what it measured.
func measuredElsewhere(_ arguments: [String]) throws -> Measured {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Measured.self, from: text)
}

let arguments = CommandLine.arguments.dropFirst()
let what = arguments.first ?? "workflow"
let count = arguments.dropFirst().first.flatMap { Int($0) } ?? 2_000
let given = arguments.dropFirst(2).first
let folder = given ?? FileManager.default.temporaryDirectory.path + "/muster-bench-\(ProcessInfo.processInfo.processIdentifier)"
defer { if given == nil { try? FileManager.default.removeItem(atPath: folder) } }

let hooks = [
    "workflow": "on('user.order', { key = 'n' }, function(event) log('one') log('two') log('three') end)",
    "parked": "on('user.order', { key = 'n' }, function(event) local go = wait_for('user.go') log(event.data.n) end)",
]
if given == nil, let hook = hooks[what] {
    try FileManager.default.createDirectory(atPath: folder + "/hooks", withIntermediateDirectories: true)
    try Data(hook.utf8).write(to: URL(fileURLWithPath: folder + "/hooks/order.lua"))
}

var measured = Measured(what: what, runs: count, seconds: 0)
switch what {
case "workflow":
    let engine = try await BenchedEngine(folder: folder)
    measured.seconds = try await seconds {
        try await engine.emit("user.order", 0..<count)
        try await engine.until { $0.world.general.lastRun == RunID(Int64(count)) && $0.world.runs.isEmpty }
    }
case "park":
    let engine = try await BenchedEngine(folder: folder)
    measured.seconds = try await seconds {
        for start in stride(from: 0, to: count, by: 1_000) { try await engine.emit("user.order", start..<min(start + 1_000, count)) }
        try await engine.until { $0.world.runs.count == count && $0.waitingSteps == count }
    }
case "wake":
    let before = residentBytes("VmRSS")
    var again: BenchedEngine?
    measured.restartSeconds = try await seconds { again = try await BenchedEngine(folder: folder) }
    measured.memoryBytesPerRun = (residentBytes("VmRSS") - before) / max(count, 1)
    if let again {
        measured.wakeSeconds = try await seconds {
            try await again.emit("user.go", 0..<1)
            try await again.until { $0.world.runs.isEmpty }
        }
    }
    measured.peakBytesPerRun = (residentBytes("VmHWM") - before) / max(count, 1)
case "parked":
    let parked = try measuredElsewhere(["park", String(count), folder])
    let size = ["", "-wal"].reduce(0) {
        $0 + ((try? FileManager.default.attributesOfItem(atPath: folder + "/muster.sqlite\($1)")[.size] as? Int) ?? 0)
    }
    measured = try measuredElsewhere(["wake", String(count), folder])
    measured.what = what
    measured.seconds = parked.seconds
    measured.storeBytesPerRun = size / max(count, 1)
default:
    print("usage: RunsBenchmark workflow|parked N")
    exit(2)
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
print(String(decoding: try encoder.encode(measured), as: UTF8.self))
