import Foundation
import MusterCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP exchange over a Unix socket.
enum ConsoleConnection {
    typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// The chunks of a response's body, as they come.
    struct Chunks {
        fileprivate var parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
        fileprivate let path: String

        /// The next one; nil at the body's proper end. Errors: `engine_lost` when the connection ends before that.
        mutating func next() async throws -> ByteBuffer? {
            switch try await parts.next() {
            case .body(let chunk): return chunk
            case .end: return nil
            case .head, nil: throw ConsoleConnection.lost(path)
            }
        }
    }

    /// Sends a request and gives its response's status and body to `read`.
    static func exchange<Answer: Sendable>(
        _ path: String, _ head: HTTPRequestHead, _ body: ByteBuffer?, _ read: (Int, inout Chunks) async throws -> Answer
    ) async throws -> Answer {
        let channel = try await connect(path)
        do {
            return try await channel.executeThenClose { inbound, outbound in
                try await send(outbound, head, body)
                var chunks = Chunks(parts: inbound.makeAsyncIterator(), path: path)
                guard case .head(let response) = try await chunks.parts.next() else { throw lost(path) }
                return try await read(Int(response.status.code), &chunks)
            }
        } catch let error where error is IOError || error is ChannelError || error is HTTPParserError {
            throw lost(path)
        }
    }

    private static func send(
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, _ head: HTTPRequestHead, _ body: ByteBuffer?
    ) async throws {
        var head = head
        if let body { head.headers.add(name: "Content-Length", value: "\(body.readableBytes)") }
        // In one write: after the body's last byte the engine may have answered and closed before a further one.
        let content = body.map { [HTTPClientRequestPart.body(.byteBuffer($0))] } ?? []
        try await outbound.write(contentsOf: [.head(head)] + content + [.end(nil)])
    }

    private static func connect(_ path: String) async throws -> Channel {
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(.seconds(10))
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Channel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError where error.errnoCode == EACCES || error.errnoCode == EPERM {
            throw MusterError(
                "no_access", "you may not ask the engine at \(path)", hint: "ask as the user who runs it: sudo muster …")
        } catch {
            throw noEngine(path)
        }
    }

    private static func noEngine(_ path: String) -> MusterError {
        MusterError(
            "no_engine", "no engine answers at \(path)",
            hint: "start one with: muster serve; or name its socket with --socket PATH")
    }

    static func lost(_ path: String) -> MusterError {
        MusterError("engine_lost", "the engine at \(path) went away", hint: "see its log: journalctl -u muster")
    }
}
