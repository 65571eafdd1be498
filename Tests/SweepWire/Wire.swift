import Foundation
import MusterCore
import Synchronization

/// One end of a conversation between two processes: requests and answers as JSON lines over a Unix socket, both ways at once.
public final class Wire: Sendable {
    public typealias Handler = @Sendable (_ request: String, _ body: Value) async throws -> Value

    private struct State {
        var next: Int64 = 0
        var waiting: [Int64: CheckedContinuation<Value, any Error>] = [:]
        var isOpen = true
    }

    private let descriptor: Int32
    private let handler: Handler
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())
    private let writing = Mutex(())

    /// Takes over a connected socket. `onEnd` is called once, when the other end is gone.
    public init(descriptor: Int32, onEnd: @escaping @Sendable () -> Void = {}, handler: @escaping Handler) {
        self.descriptor = descriptor
        self.handler = handler
        self.onEnd = onEnd
        Thread.detachNewThread { [self] in read() }
    }

    public var isOpen: Bool { state.withLock(\.isOpen) }

    /// Asks the other process. Errors: what it answered, or `gone` when it is there no more.
    public func request(_ name: String, _ body: Value = .null) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let number = state.withLock { state -> Int64? in
                guard state.isOpen else { return nil }
                state.next += 1
                state.waiting[state.next] = continuation
                return state.next
            }
            guard let number else { return continuation.resume(throwing: Self.gone) }
            write(["id": .int(number), "request": .string(name), "body": body])
        }
    }

    /// Sends a request whose answer nobody will wait for.
    public func tell(_ name: String, _ body: Value) { write(["id": -1, "request": .string(name), "body": body]) }

    private static let gone = MusterError("gone", "the other process is gone")

    private func write(_ message: Value) {
        let bytes = Array((message.json + "\n").utf8)
        writing.withLock { _ in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                // A reader that sees the end tells everybody.
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    private func read() {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: 10) {
                if let message = try? Value(json: String(decoding: rest[..<end], as: UTF8.self)) { take(message) }
                rest.removeFirst(end + 1)
            }
        }
        let left = state.withLock { state in
            state.isOpen = false
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        left.forEach { $0.resume(throwing: Self.gone) }
        writing.withLock { _ in _ = close(descriptor) }
        onEnd()
    }

    private func take(_ message: Value) {
        guard let id = message["id"].int else { return }
        guard let request = message["request"].string else {
            let waiting = state.withLock { $0.waiting.removeValue(forKey: id) }
            if let error = try? message["error"].decode(MusterError.self) {
                waiting?.resume(throwing: error)
            } else {
                waiting?.resume(returning: message["answer"])
            }
            return
        }
        Task {
            var answer: Fields = ["id": .int(id)]
            do {
                answer["answer"] = try await handler(request, message["body"])
            } catch {
                let error = error as? MusterError ?? MusterError("internal", "\(error)")
                answer["error"] = try? Value(encoding: error)
            }
            if id >= 0 { write(.object(answer)) }
        }
    }
}
