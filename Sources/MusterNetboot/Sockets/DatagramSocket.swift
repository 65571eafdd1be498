import MusterCore
import NIOCore
import NIOPosix
import Synchronization

/// Datagrams from a socket, each handled in a task of its own, and a way to answer.
struct DatagramSocket: Sendable {
    typealias Envelope = AddressedEnvelope<ByteBuffer>
    typealias Channel = NIOAsyncChannel<Envelope, Never>

    private let channel: Channel
    private let answerer: DatagramAnswerer

    /// Takes over the descriptor. The socket must be served, also in a cancelled task: one that is dropped before ends the
    /// process (NIOAsyncWriter's deinit).
    init(descriptor: CInt) async throws {
        answerer = DatagramAnswerer(duplicating: descriptor)
        // The async form of `withBoundSocket` fails with "operation unsupported" (swift-nio 2.101.2), so the future's form is
        // used. The channel is wrapped in its initializer, since datagrams that arrive before that would be lost.
        let wrapped = Mutex<Channel?>(nil)
        let raw = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let asynchronous = try Channel(wrappingChannelSynchronously: channel)
                    wrapped.withLock { $0 = asynchronous }
                }
            }
            .withBoundSocket(descriptor).get()
        guard let channel = wrapped.withLock({ $0 }) else {
            try await raw.close()
            throw ChannelError.ioOnClosedChannel
        }
        self.channel = channel
    }

    /// Calls the body for each datagram until the task is cancelled or the socket fails. More than `limit` at once are not begun:
    /// `overflow` is called instead. `meanwhile` runs beside, and ends with the socket.
    func serve(
        atOnce limit: Int, overflow: @escaping @Sendable () -> Void,
        meanwhile: @escaping @Sendable (DatagramAnswerer) async throws -> Void = { _ in },
        _ body: @escaping @Sendable (Envelope, DatagramAnswerer) async -> Void
    ) async throws {
        let running = Gate(limit: limit)
        try await channel.executeThenClose { inbound in
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await meanwhile(answerer) }
                for try await envelope in inbound {
                    guard running.enter() else {
                        overflow()
                        continue
                    }
                    group.addTask {
                        await body(envelope, answerer)
                        running.leave()
                    }
                }
                group.cancelAll()
            }
        }
    }
}
