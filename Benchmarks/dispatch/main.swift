// Events per second through a Lua hook without effects, against the same work in plain C, and against a process per event.
//
// Usage: DispatchBenchmark [HOOK [EVENTS [ROUNDS]]]; the peer, DispatchPeer, is expected beside this program. Rounds of both
// alternate, and both measure their processor time, so that a busy machine disturbs little; the medians are compared.
import Foundation
import MusterCore
import MusterLua

struct Round {
    var nanoseconds: Int64
    var checksum: Int64
}

/// Processor time of this process, all threads together.
func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The work on Muster's side: a value in, an outcome out, with budget and memory cap.
struct Ours {
    private let isolate: LuaIsolate
    private let chunk: LuaChunk
    private let handler: LuaFunction
    private let events: [Value]

    init(hook: String) throws {
        var settings = LuaSettings()
        settings.placement = .inline
        isolate = try LuaIsolate(
            settings, functions: [.registration("on")],
            preludes: [LuaSource(name: "=library", text: "on = host.on\nhost.class('resource', {})")])
        let source = LuaSource(name: "hook.lua", text: try String(contentsOfFile: hook, encoding: .utf8))
        (chunk, handler) = try isolate.performInline { lua in
            let chunk = try lua.compile(source)
            let start = lua.load(chunk)
            guard let strand = start.strand, let handler = lua.registrations(of: strand).first?.functions.first else {
                throw MusterError("no_handler", "\(start.outcome)")
            }
            lua.finish(strand)
            return (chunk, handler)
        }
        events = (0..<64).map { number in
            [
                "sequence": .int(number), "name": "resource.failed", "kind": "silent", "time": .int(1_700_000_000_000 + number),
                "urgent": true,
                "resource": [
                    "$type": "resource", "id": .int(number), "name": .string("node\(number)"),
                    "mac": .string("52:54:00:00:00:" + (number < 16 ? "0" : "") + String(number, radix: 16)), "power": "on",
                    "liveness": "silent", "epoch": .int(number % 8),
                ],
            ]
        }
    }

    func round(_ count: Int) throws -> Round {
        try isolate.performInline { lua in
            var checksum: Int64 = 0
            let began = processorNanoseconds()
            for number in 0..<count {
                let start = lua.dispatch(chunk, handler: handler, event: events[number & 63], seed: UInt64(number))
                guard case .returned(let values) = start.outcome, case .int(let result) = values.first else {
                    throw MusterError("failed", "\(start.outcome)")
                }
                checksum += result
            }
            return Round(nanoseconds: processorNanoseconds() - began, checksum: checksum)
        }
    }
}

/// The peer's round, in a process of its own.
func peerRound(_ peer: URL, hook: String, count: Int) throws -> Round {
    let process = Process()
    let output = Pipe()
    process.executableURL = peer
    process.arguments = [hook, String(count)]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int64($0) }
    guard process.terminationStatus == 0, numbers.count == 2 else { throw MusterError("peer_failed", "the peer failed: \(text)") }
    return Round(nanoseconds: numbers[0], checksum: numbers[1])
}

/// Nanoseconds of one process started, run for one event, and waited for.
func processPerEvent(_ peer: URL, hook: String, count: Int) throws -> Double {
    let start = ContinuousClock.now
    for _ in 0..<count { _ = try peerRound(peer, hook: hook, count: 1) }
    return (ContinuousClock.now - start) / .nanoseconds(1) / Double(count)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let arguments = CommandLine.arguments.dropFirst()
let hook = arguments.first ?? "Benchmarks/dispatch/hook.lua"
let count = arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
let rounds = arguments.dropFirst(2).first.flatMap { Int($0) } ?? 15
let peer = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("DispatchPeer")

guard FileManager.default.fileExists(atPath: hook), FileManager.default.isExecutableFile(atPath: peer.path) else {
    print("dispatch: \(hook) or \(peer.path) is missing; build both programs and run from the package's folder")
    exit(1)
}
var oursRates: [Double] = []
var peerRates: [Double] = []
var ratios: [Double] = []
for _ in 0..<rounds {
    // A new state for every round, as the peer has: how well field names spread depends on a state's random seed.
    let ours = try Ours(hook: hook)
    _ = try ours.round(count / 10)
    let first = try ours.round(count)
    let second = try peerRound(peer, hook: hook, count: count)
    guard first.checksum == second.checksum else {
        throw MusterError("differs", "the two did not do the same work: \(first.checksum), \(second.checksum)")
    }
    oursRates.append(Double(count) * 1e9 / Double(first.nanoseconds))
    peerRates.append(Double(count) * 1e9 / Double(second.nanoseconds))
    ratios.append(Double(second.nanoseconds) / Double(first.nanoseconds))
}
let process = 1e9 / (try processPerEvent(peer, hook: hook, count: 50))
print("dispatch: muster   \(Int(median(oursRates))) events/s")
print("dispatch: plain C  \(Int(median(peerRates))) events/s")
print("dispatch: process per event  \(Int(process)) events/s")
print("dispatch: ratio \(String(format: "%.2f", median(ratios))) (aim: 0.85)")
