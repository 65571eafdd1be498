// Heartbeats per second that one core carries: through the tracker alone, and through an engine loop as they come from the boot service;
// against a dictionary of time stamps in plain Swift, which only remembers when each machine was last heard.
//
// Usage: HeartbeatsBenchmark [ROUNDS]. Rounds alternate and measure processor time, so that a busy machine disturbs little; the medians
// are compared.
import Foundation
import MusterCore
import MusterEngine
import MusterSim

/// Processor time of this process, all threads together.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0) * 4096
}

func rate(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
    let began = processorSeconds()
    try await body()
    return Double(count) / (processorSeconds() - began)
}

/// The peer: what is left when a heartbeat is nothing but a time to note.
struct Stamps {
    private var heard: [String: Int64] = [:]
    mutating func note(_ mac: String, _ now: Int64) { heard[mac] = now }
    var count: Int { heard.count }
}

/// An engine loop whose machines have all reported once.
struct Fleet {
    let loop: EngineLoop
    let time = VirtualTime()
    private(set) var heartbeats: [Heartbeat] = []
    /// What each machine keeps in memory, engine, loop and store in memory together.
    private(set) var bytesPerMachine = 0

    init(_ count: Int) async throws {
        let before = residentBytes()
        let parts = SimulatedFleet()
        loop = try await EngineLoop(
            store: MemoryStore(), drivers: Drivers(power: parts, exports: parts, readiness: parts, secrets: parts), time: time)
        var declared = FleetDeclaration(file: "fleet.lua")
        for number in 0..<count {
            guard let mac = MACAddress(octets: [0x52, 0x54, 0, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]) else {
                continue
            }
            declared.resources.append(
                Declared(Resource(id: ResourceID("node\(number)"), macs: [mac], memoryMiB: 256), place: "fleet.lua:1"))
        }
        let fleet = declared
        _ = try await loop.turn { engine, now in try engine.apply(fleet, now: now) }
        try await loop.turn { engine, now in engine.tick(now: now) }
        for (number, machine) in fleet.resources.enumerated() {
            let mac = machine.object.macs[0]
            guard case .discover(let token) = try await loop.plan(for: BootRequest(mac: mac)) else { continue }
            let boot = "00000000-0000-4000-8000-" + String(String(1_000_000_000_000 + number).suffix(12))
            try await loop.report(
                MachineReport(mac: mac, token: token, bootID: boot, uuid: nil, memoryMiB: 256, cpus: 1, epoch: nil, address: nil))
            heartbeats.append(Heartbeat(mac: mac, token: token, bootID: boot, epoch: nil, uptime: 1, load: 0.25))
        }
        for heartbeat in heartbeats { _ = try await loop.heartbeat(heartbeat) }
        bytesPerMachine = (residentBytes() - before) / count
    }

    /// Every machine beats once in each second of virtual time, and the engine ticks four times in it.
    func live(seconds: Int) async throws {
        for _ in 0..<seconds {
            for quarter in 0..<4 {
                time.advance(milliseconds: 250)
                for place in stride(from: quarter, to: heartbeats.count, by: 4) {
                    guard try await loop.heartbeat(heartbeats[place]) == .ok else {
                        throw MusterError("reset", "a machine was told to reset")
                    }
                }
                try await loop.turn { engine, now in engine.tick(now: now) }
            }
        }
    }
}

struct Medians {
    var tracker: [Double] = []
    var loop: [Double] = []
    var peer: [Double] = []
    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 5 : 5
// What every process takes once is no machine's.
_ = try await Fleet(10)
for machines in [1_000, 10_000] {
    let fleet = try await Fleet(machines)
    let (beats, seconds) = (1_000_000, 1_000_000 / machines)
    var tracker = HeartbeatTracker()
    for (number, heartbeat) in fleet.heartbeats.enumerated() {
        tracker.learn(heartbeat, of: ResourceID("node\(number)"), at: Moment(milliseconds: 0), tracker.ticket)
    }
    let names = fleet.heartbeats.map(\.mac.description)
    var stamps = Stamps()
    var measured = Medians()
    for _ in 0..<rounds {
        measured.tracker.append(
            await rate(beats) {
                for number in 0..<beats { _ = tracker.beat(fleet.heartbeats[number % machines], at: Moment(milliseconds: Int64(number))) }
            })
        measured.loop.append(try await rate(beats) { try await fleet.live(seconds: seconds) })
        measured.peer.append(await rate(beats) { for number in 0..<beats { stamps.note(names[number % machines], Int64(number)) } })
    }
    let (ours, peer) = (Medians.median(measured.loop), Medians.median(measured.peer))
    let passedOn = fleet.loop.heartbeats.counts.passedOn - machines
    guard passedOn == 0, stamps.count == machines else { throw MusterError("turns", "\(passedOn) heartbeats were turns of the engine") }
    print("heartbeats, \(machines) machines, \(rounds) rounds of a million:")
    print("  tracker          \(Int(Medians.median(measured.tracker))) per second of one core")
    print("  engine loop      \(Int(ours)) per second of one core, four ticks a second included")
    print("  dictionary peer  \(Int(peer)) per second of one core (Swift, a time stamp per machine)")
    print("  loop / peer      \(String(format: "%.2f", ours / peer))")
    print("  memory           \(fleet.bytesPerMachine) bytes for each machine, with engine, store and tracker")
}
