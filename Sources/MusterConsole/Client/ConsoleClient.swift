import Foundation
import MusterCore
import NIOCore
import NIOHTTP1

/// Asks a running engine over its Unix socket.
public struct ConsoleClient: Sendable {
    public let socketPath: String
    /// Who asks, for the record.
    public let operatorName: String

    public init(_ socketPath: String, operatorName: String = UserName.current) {
        self.socketPath = socketPath
        self.operatorName = operatorName
    }

    /// The engine's answer to one request of docs/api.md. `timeout` is how long it may take; nil waits forever. Errors:
    /// `no_engine`, `no_access`, `engine_lost`, `timeout`, and what the engine answers.
    public func request(_ name: String, _ arguments: Value = [:], timeout: Duration? = .seconds(60)) async throws -> Value {
        guard let timeout else { return try await ask(name, arguments) }
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await ask(name, arguments) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw MusterError(
                    .timeout, "the engine took the request and has not answered for \(timeout.components.seconds) s",
                    hint: "see its log: journalctl -u muster")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func ask(_ name: String, _ arguments: Value) async throws -> Value {
        let head = head(.POST, "/v1/\(name)")
        let body = ByteBuffer(string: arguments.json)
        return try await ConsoleConnection.exchange(socketPath, head, body) { status, chunks in
            var answer = ByteBuffer()
            while let chunk = try await chunks.next() { answer.writeImmutableBuffer(chunk) }
            return try Self.read(status, String(buffer: answer))
        }
    }

    /// Gives the events after a number, then each new one as it happens, to `receive`, until that answers false. Without a number
    /// it starts at now; `started` is called once the engine has taken the request. Errors: as for `request`; `engine_lost` also
    /// when the engine stops.
    public func follow(
        after: EventID?, started: () async throws -> Void = {}, _ receive: (Event) async throws -> Bool
    ) async throws {
        let query = after.map { "?after=\($0)" } ?? ""
        try await ConsoleConnection.exchange(socketPath, head(.GET, "/v1/events/follow\(query)"), nil) { status, chunks in
            var lines = LineSplitter()
            var isStarted = false
            while let chunk = try await chunks.next() {
                guard status == 200 else { _ = try Self.read(status, String(buffer: chunk)); return }
                if !isStarted {
                    isStarted = true
                    try await started()
                }
                for line in lines.add(chunk.readableBytesView) where !line.isEmpty {
                    let value = try Value(json: line)
                    if !value["error"].isNull { throw try value["error"].decode(MusterError.self) }
                    guard try await receive(try value.decode(Event.self)) else { return }
                }
            }
            throw ConsoleConnection.lost(socketPath)
        }
    }

    private func head(_ method: HTTPMethod, _ path: String) -> HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: method, uri: path,
            headers: ["Host": "muster", "Muster-Operator": operatorName])
    }

    private static func read(_ status: Int, _ text: String) throws -> Value {
        if status == 200 { return try Value(json: text) }
        if let error = try? Value(json: text).decode(MusterError.self) { throw error }
        throw MusterError(
            "engine_lost", "the engine answered with HTTP status \(status) and no reason",
            hint: "does a Muster of another version run?")
    }
}
