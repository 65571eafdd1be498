import Foundation
import MusterConsole
import MusterCore
import MusterEngine
import MusterSim

/// A real engine loop over a store in memory, served on a socket of its own.
public struct TestConsole: Sendable {
    public let loop: EngineLoop
    public let store: MemoryStore
    public let scripts: StubScripts
    public let probe: StubProbe
    public let folder: String
    public var socket: String { folder + "/s" }
    public var client: ConsoleClient { ConsoleClient(socket, operatorName: "tester") }

    /// Serves a fleet of three machines and one server while `body` runs.
    public static func with<Answer>(
        _ snapshot: Snapshot = .fleet, _ body: (TestConsole) async throws -> Answer
    ) async throws -> Answer {
        try await withFolder { folder in
            let store = MemoryStore(snapshot)
            let probe = StubProbe()
            let drivers = Drivers(power: StubPower(), exports: StubExports(), readiness: probe, secrets: StubSecrets())
            let loop = try await EngineLoop(store: store, drivers: drivers)
            let scripts = StubScripts(loop)
            await loop.connect(scripts)
            let console = TestConsole(loop: loop, store: store, scripts: scripts, probe: probe, folder: folder)
            return try await console.serving { try await body(console) }
        }
    }

    /// Serves while `body` runs, on the usual socket or another.
    public func serving<Answer>(at path: String? = nil, _ body: () async throws -> Answer) async throws -> Answer {
        let (readiness, signal) = AsyncThrowingStream.makeStream(of: Void.self)
        let server = ConsoleServer(control: Control(loop: loop, scripts: scripts), socketPath: path ?? socket)
        let task = Task {
            do {
                try await server.run(ready: { signal.yield() })
                signal.finish()
            } catch {
                signal.finish(throwing: error)
                throw error
            }
        }
        do {
            for try await _ in readiness { break }
            let answer = try await body()
            task.cancel()
            try await task.value
            return answer
        } catch {
            task.cancel()
            _ = await task.result
            throw error
        }
    }

    /// Emits one event by a real turn of the engine.
    public func emitEvent() async throws {
        try await loop.turn { engine, now in
            let id = ResourceID("node3")
            try engine.setMode(engine.world.resources[id]?.mode == .active ? .maintenance : .active, of: id, now: now)
        }
    }
}

/// Gives `body` a folder with a short path, which is gone afterwards.
public func withFolder<Answer>(_ body: (String) async throws -> Answer) async throws -> Answer {
    // Socket paths must be short, so the folder is not in a test product's deep one.
    let folder = "/tmp/muster-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

extension Snapshot {
    /// Three machines, `node1` alive and running `shop`, `node2` with a controller that refuses, `node3` off and without one.
    public static var fleet: Snapshot {
        func machine(_ number: UInt8) -> Resource {
            Resource(
                id: ResourceID("node\(number)"), macs: [MACAddress(octets: [0x52, 0x54, 0, 0x77, 0, number])].compactMap(\.self),
                address: IPv4Address(number: 0x0A4D_0000 + UInt32(number)), memoryMiB: 512, cpus: 1)
        }
        var first = machine(1)
        first.bmc = BMC(address: "127.0.0.1", user: "admin", passwordSecret: "bmc/node1")
        first.power = .on
        first.liveness = .alive
        var second = machine(2)
        second.bmc = BMC(address: "127.0.0.2", user: "admin", passwordSecret: "bmc/node2")
        second.bmcFault = MusterError(.bmcPassword, "the BMC at 127.0.0.2 refuses the password")
        var third = machine(3)
        third.power = .off
        var server = Server(
            id: ServerID("shop"), image: ImageID("shop"), memoryMiB: 256, priority: 10, address: IPv4Network("10.77.0.100/24"))
        server.target = .running
        server.readyEpoch = Epoch(7)
        var claim = Claim(
            epoch: Epoch(7), server: server.id, image: server.image, resource: first.id,
            at: Timestamp(milliseconds: 1_700_000_000_000))
        claim.export = Export(epoch: claim.epoch, host: "10.77.0.254", port: 10_809, name: "export")
        var snapshot = Snapshot()
        snapshot.resources = [first, second, third]
        snapshot.images = [Image(id: server.image, path: "/images/shop.raw")]
        snapshot.servers = [server]
        snapshot.claims = [claim]
        snapshot.general.lastEpoch = Epoch(7)
        return snapshot
    }
}
