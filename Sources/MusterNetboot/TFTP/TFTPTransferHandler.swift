import Glibc
import MusterCore
import NIOCore
import NIOPosix

/// Carries out one transfer's actions on its socket. All of it happens on the channel's event loop, the file's reads on the
/// thread pool.
final class TFTPTransferHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private var transfer: TFTPTransfer
    private let file: BootFiles.File
    private let client: SocketAddress
    private let context: BootContext
    private var descriptor: CInt = -1
    private var timeout: Scheduled<Void>?

    init(_ transfer: TFTPTransfer, file: BootFiles.File, client: SocketAddress, context: BootContext) {
        self.transfer = transfer
        self.file = file
        self.client = client
        self.context = context
    }

    func channelActive(context channel: ChannelHandlerContext) {
        descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return perform([.send(.error(.fileNotFound, "the file cannot be read")), .finish(.aborted)], channel)
        }
        perform(transfer.start(at: now), channel)
    }

    func channelRead(context channel: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard envelope.remoteAddress == client else {
            // RFC 1350 section 4: a stranger is told so, and the transfer goes on.
            return send(.error(.unknownTransfer, "this transfer is not yours"), to: envelope.remoteAddress, channel)
        }
        do {
            let packet = try TFTPPacket(decoding: envelope.data.readableBytesView)
            perform(transfer.receive(packet, at: now), channel)
        } catch {
            context.counters.malformed(.tftp, (error as? MalformedPacket)?.kind ?? .badValue)
        }
    }

    func channelInactive(context channel: ChannelHandlerContext) {
        timeout?.cancel()
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    func errorCaught(context channel: ChannelHandlerContext, error: any Error) {
        channel.close(promise: nil)
    }

    private var now: Moment { context.now }

    private func perform(_ actions: [TFTPTransfer.Action], _ channel: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let packet): send(packet, to: client, channel)
            case .sendBlock(let number, let offset, let count): sendBlock(number, offset: offset, count: count, channel)
            case .wait(let until): schedule(until, channel)
            case .finish(let end): finish(end, channel)
            }
        }
    }

    private func schedule(_ until: Moment, _ channel: ChannelHandlerContext) {
        timeout?.cancel()
        let bound = NIOLoopBound((self, channel), eventLoop: channel.eventLoop)
        timeout = channel.eventLoop.scheduleTask(in: .milliseconds(max(0, until - now))) {
            let (handler, channel) = bound.value
            handler.perform(handler.transfer.timeOut(at: handler.now), channel)
        }
    }

    private func sendBlock(_ number: UInt16, offset: Int64, count: Int, _ channel: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, channel), eventLoop: channel.eventLoop)
        // A descriptor of the read's own, so that the channel may close the transfer's at any time.
        let copy = dup(descriptor)
        NIOThreadPool.singleton.runIfActive(eventLoop: channel.eventLoop) { Self.read(copy, offset: offset, count: count) }
            .whenComplete { result in
                let (handler, channel) = bound.value
                guard channel.channel.isActive else { return }
                if case .success(let octets?) = result {
                    handler.send(.data(block: number, octets), to: handler.client, channel)
                } else {
                    handler.perform([.send(.error(.undefined, "the file changed")), .finish(.aborted)], channel)
                }
            }
    }

    /// Nil when the file has fewer octets than before. Closes the descriptor.
    private static func read(_ descriptor: CInt, offset: Int64, count: Int) -> [UInt8]? {
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = octets.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            }
            guard result > 0 else { return nil }
            filled += result
        }
        return octets
    }

    private func send(_ packet: TFTPPacket, to address: SocketAddress, _ channel: ChannelHandlerContext) {
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: packet.encoded))
        channel.writeAndFlush(wrapOutboundOut(envelope), promise: nil)
    }

    private func finish(_ end: TFTPTransfer.End, _ channel: ChannelHandlerContext) {
        if end == .complete {
            context.counters.answered(.tftp)
        } else {
            context.counters.ignored(.tftp, end.rawValue)
        }
        context.logger.debug("TFTP \(file.path) to \(client): \(end.rawValue)")
        channel.close(promise: nil)
    }
}
