// Durable steps per second through the store, against plain SQLite in C with the same durability and batch size.
//
// Usage: JournalBenchmark [ROUNDS]; the peer, JournalPeer, is expected beside this program. Rounds of both alternate; medians are compared.
import Foundation
import MusterCore
import MusterEngine
import MusterStore

func step(_ number: Int) -> Step {
    let at = Timestamp(milliseconds: 1_700_000_000_000 + Int64(number))
    var step = Step(
        run: RunID(Int64(number / 1000 + 1)), address: String(number % 1000 + 1), name: "resource.refresh",
        arguments: [["incarnation": 3, "name": "node1"], [:]], intended: at)
    step.done = at
    step.sequence = Int64(number % 1000 + 1)
    step.outcome = .value(["$type": "resource", "name": "node1", "power": "off", "state": "fenced"])
    return step
}

func ours(_ folder: String, steps: Int, batch: Int) async throws -> Double {
    let store = try SQLiteStore(path: folder + "/\(UUID().uuidString).sqlite")
    let began = ContinuousClock.now
    var number = 0
    while number < steps {
        var changes = Batch()
        for _ in 0..<min(batch, steps - number) {
            changes.changes.append(.step(step(number)))
            number += 1
        }
        try await store.commit(changes)
    }
    let passed = ContinuousClock.now - began
    return Double(steps) / (Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18)
}

func peer(_ folder: String, steps: Int, batch: Int) throws -> Double {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("JournalPeer")
    process.arguments = [folder + "/\(UUID().uuidString).peer", String(steps), String(batch)]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, let nanoseconds = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
        throw MusterError("peer_failed", "JournalPeer failed", hint: "build it: swift build -c release --product JournalPeer")
    }
    return Double(steps) / (nanoseconds / 1e9)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 5 : 5
let folder = NSTemporaryDirectory() + "muster-journal-" + UUID().uuidString
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
for (batch, steps) in [(1, 2_000), (10, 20_000), (100, 50_000)] {
    var mine: [Double] = []
    var theirs: [Double] = []
    for _ in 0..<rounds {
        mine.append(try await ours(folder, steps: steps, batch: batch))
        theirs.append(try peer(folder, steps: steps, batch: batch))
    }
    print(
        "journal, batches of \(batch): \(Int(median(mine))) steps/s, plain SQLite in C \(Int(median(theirs))) steps/s, ratio "
            + String(format: "%.2f", median(mine) / median(theirs)))
}
