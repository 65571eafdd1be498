import Foundation
import Logging
import MusterCore
import MusterEngine
import Testing

@testable import MusterNetboot

extension Live {
    /// The HTTP part alone, on loopback. Where it is stopped hard it has a process of its own, since what goes wrong there ends
    /// the process.
    @Suite("Stopping HTTP") struct StoppingHTTP {
        @Test("it stops and starts again while clients connect") func restarts() async throws {
            let folder = try Self.folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            await #expect(processExitsWith: .success) { [folder = folder as String] in
                let server = try LoneHTTP(folder)
                let clients = [RudeClients(server.host, port: server.port), RudeClients(server.host, port: server.port)]
                for round in 0..<60 {
                    let serving = round.isMultiple(of: 8) ? server.begin() : await server.start()
                    // Differently long, from while it starts to while connections are being accepted.
                    try await Task.sleep(for: .microseconds(Int.random(in: 0...20_000)))
                    try await server.stop(serving)
                }
                var connections = 0
                for client in clients { connections += await client.end() }
                try #require(connections > 60)
            }
        }

        @Test("no client holds its stop for longer than the patience", arguments: Holdup.allCases)
        func holdups(holdup: Holdup) async throws {
            let folder = try Self.folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            await #expect(processExitsWith: .success) { [folder = folder as String, holdup] in
                let server = try LoneHTTP(folder)
                let serving = await server.start()
                let client = TCP.connect(server.host, port: server.port)
                defer { close(client) }
                try #require(client >= 0)
                TCP.say(holdup.words, on: client)
                try await server.received(holdup.requests)
                let before = ContinuousClock.now
                try await server.stop(serving)
                // Far below the idle timeout of a minute, which would end the client too.
                try #require(before.duration(to: .now) < .seconds(20))
                try #require(TCP.connect(server.host, port: server.port) == -1)
            }
        }

        @Test("a port that another has is said, with what to do") func portInUse() async throws {
            let server = try LoneHTTP("/nowhere")
            let serving = await server.start()
            let error = await #expect(throws: MusterError.self) { try await server.begin().value }
            #expect(error?.code == "boot_network" && error?.message.contains("HTTP on port \(server.port)") == true)
            #expect(error?.hint?.contains("ss -ltnp") == true)
            try await server.stop(serving)
        }

        /// A folder with a file that no socket's buffers hold whole.
        private static func folder() throws -> String {
            let folder = FileManager.default.temporaryDirectory.appending(path: "muster-http-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try #require(FileManager.default.createFile(atPath: folder.appending(path: "large").path, contents: nil))
            try #require(truncate(folder.appending(path: "large").path, 256 << 20) == 0)
            return folder.path
        }
    }

    /// How a client keeps its connection.
    enum Holdup: String, CaseIterable, Codable, Sendable {
        case silent, midHeader, midBody, notReading

        var words: String {
            switch self {
            case .silent: ""
            case .midHeader: "GET /files/large HTTP/1.1\r\nHos"
            case .midBody: "GET /files/none HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"
            case .notReading: "GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n"
            }
        }

        /// How many of its requests reach the routes.
        var requests: Int { self == .midBody || self == .notReading ? 1 : 0 }
    }
}

/// The HTTP part without its siblings, on an address and port of loopback that no other test has.
private struct LoneHTTP {
    struct NoAnswer: Error {}

    let host: String
    let port: Int
    private let context: BootContext
    private let part: HTTPPart

    init(_ folder: String) throws {
        host = "127.77.\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"
        port = TCP.freePort(host)
        try #require(port > 0)
        let network = BootNetwork(
            interface: "lo", address: try #require(IPv4Network("\(host)/8")), httpPort: port, files: folder)
        let logger = Logger(label: "http") { StreamLogHandler.standardError(label: $0) }
        let time = SystemTime()
        context = BootContext(
            network: network, ports: BootPorts(), authority: Nobody(), time: time,
            counters: CounterBook(time: time, logger: logger), logger: logger)
        part = HTTPPart(context, dhcp: DHCPPart(context))
    }

    func begin(ready: @escaping @Sendable () -> Void = {}) -> Task<Void, any Error> {
        Task { [part] in
            defer { ready() }
            try await part.run(ready: ready)
        }
    }

    /// Returns when it serves, or failed to.
    func start() async -> Task<Void, any Error> {
        let (stream, ready) = AsyncStream<Void>.makeStream()
        let serving = begin { ready.finish() }
        for await _ in stream {}
        return serving
    }

    func stop(_ serving: Task<Void, any Error>) async throws {
        serving.cancel()
        try await serving.value
    }

    /// Waits until so many requests were answered or are being answered.
    func received(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while context.counters.snapshot.http.received < count {
            if ContinuousClock.now > deadline { throw NoAnswer() }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// An engine that knows no machine.
private struct Nobody: BootAuthority {
    func address(for mac: MACAddress) async throws -> IPv4Address? { nil }
    func plan(for request: BootRequest) async throws -> BootPlan { .local }
    func report(_ report: MachineReport) async throws {}
    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer { .ok }
}
