import Foundation
import MusterCore
import SweepWire
import Synchronization
import Testing

/// One engine process, from its start to its death.
final class EngineLife: Sendable {
    enum End: Equatable { case killed, exited(Int32) }

    let pid: pid_t
    private let wireBox = Mutex<Wire?>(nil)
    private let end = Mutex<End?>(nil)
    private let start = Mutex<Result<Void, MusterError>?>(nil)

    /// Starts a process; `command` comes before the program's own path and argument (`nsenter …`).
    init(_ orders: EngineOrders, command: [String] = []) throws {
        pid = try Self.spawn(command + [Self.program(), try Value(encoding: orders).json])
    }

    /// How its start went; nil while it starts.
    var started: Result<Void, MusterError>? { start.withLock { $0 } }

    /// Takes what it tells of itself; nil for anything else.
    func hears(_ request: String, _ body: Value) -> Value? {
        guard request == "ready" || request == "failed" else { return nil }
        let failure = request == "failed" ? (try? body.decode(MusterError.self)) ?? MusterError("internal", body.json) : nil
        start.withLock { $0 = failure.map { .failure($0) } ?? .success(()) }
        return .null
    }

    /// Waits until it has connected to the fleet's socket; false when it died before.
    func connects(to listening: Int32, _ handler: @escaping Wire.Handler) async throws -> Bool {
        while true {
            var poll = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 0) == 1 {
                let wire = try Wire(descriptor: UnixSocket.accept(listening), handler: handler)
                wireBox.withLock { $0 = wire }
                return true
            }
            if ended != nil { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// How it ended; nil while it runs.
    var ended: End? {
        end.withLock { end in
            var status: Int32 = 0
            guard end == nil, waitpid(pid, &status, WNOHANG) == pid else { return end }
            end = status & 0x7F == SIGKILL ? .killed : .exited((status >> 8) & 0xFF)
            return end
        }
    }

    func wire() throws -> Wire {
        guard let wire = wireBox.withLock({ $0 }), wire.isOpen else { throw MusterError("gone", "the engine is gone") }
        return wire
    }

    /// Kills it, and waits until it is dead.
    func kill() async throws {
        if ended == nil { Glibc.kill(pid, SIGKILL) }
        while ended == nil { try await Task.sleep(for: .milliseconds(1)) }
    }

    deinit {
        if ended == nil {
            Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    /// The engine's program, beside this test's.
    private static func program() throws -> String {
        let folder = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent()
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        let found = [bundle, folder].compactMap { $0?.appendingPathComponent("sweep-engine").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(found, "sweep-engine is not built beside the tests: swift build --build-tests")
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], nil, nil, &words, environ)
        try #require(result == 0, "cannot start \(arguments[0]): \(String(cString: strerror(result)))")
        return pid
    }
}
