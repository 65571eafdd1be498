import MusterCore
import NIOCore
import NIOPosix
import Synchronization

/// The TFTP server: takes requests on its port, and gives each transfer a port of its own (RFC 1350 section 4).
final class TFTPPart: BootPart {
    let name = "TFTP"
    /// Transfers at once; one more client is told to try again, which every ROM does.
    private static let limit = 512

    private let context: BootContext
    private let files: BootFiles
    /// The running transfers by client address and port: a repeated request shall not begin a second one.
    private let transfers = Mutex<[SocketAddress: (any Channel)?]>([:])

    init(_ context: BootContext) {
        self.context = context
        files = BootFiles(folder: context.network.files)
    }

    func run(ready: @escaping @Sendable () -> Void) async throws {
        let descriptor = try DeviceSocket.datagram(
            interface: context.network.interface, address: context.network.address.address, port: context.ports.tftp,
            purpose: "TFTP")
        let socket = try await DatagramSocket(descriptor: descriptor)
        ready()
        defer { endTransfers() }
        let counters = context.counters
        try await socket.serve(atOnce: 256, overflow: { counters.ignored(.tftp, "busy") }) { envelope, answerer in
            await self.serve(envelope, answerer)
        }
    }

    private func serve(_ envelope: DatagramSocket.Envelope, _ answerer: DatagramAnswerer) async {
        context.counters.received(.tftp)
        do {
            let packet = try TFTPPacket(decoding: envelope.data.readableBytesView)
            let files = files
            let admission = try await NIOThreadPool.singleton.runIfActive { TFTPAdmission(packet, files: files) }
            switch admission {
            case .ignore: context.counters.ignored(.tftp, "error")
            case .refuse(let code, let text):
                context.counters.ignored(.tftp, "refused")
                try answerer.send(TFTPPacket.error(code, text).encoded, to: envelope.remoteAddress)
            case .transfer(let request, let file):
                try await begin(request, file: file, client: envelope.remoteAddress, answerer)
            }
        } catch let malformed as MalformedPacket {
            context.counters.malformed(.tftp, malformed.kind)
        } catch {
            context.counters.ignored(.tftp, "failed", line: "a TFTP transfer could not begin: \(error)")
        }
    }

    private enum Place { case taken, repeated, none }

    private func takePlace(_ client: SocketAddress) -> Place {
        transfers.withLock { transfers in
            if transfers.keys.contains(client) { return .repeated }
            guard transfers.count < Self.limit else { return .none }
            transfers.updateValue(nil, forKey: client)
            return .taken
        }
    }

    private func leavePlace(_ client: SocketAddress) { transfers.withLock { _ = $0.removeValue(forKey: client) } }

    private func begin(
        _ request: TFTPRequest, file: BootFiles.File, client: SocketAddress, _ answerer: DatagramAnswerer
    ) async throws {
        switch takePlace(client) {
        case .repeated: context.counters.ignored(.tftp, "repeated")
        case .none:
            context.counters.ignored(.tftp, "busy", line: "TFTP refuses transfers: \(Self.limit) run already")
            try answerer.send(TFTPPacket.error(.undefined, "busy, try again").encoded, to: client)
        case .taken:
            do {
                try await open(TFTPTransfer(request, size: file.size), file: file, client: client)
            } catch {
                leavePlace(client)
                throw error
            }
        }
    }

    private func open(_ transfer: TFTPTransfer, file: BootFiles.File, client: SocketAddress) async throws {
        let descriptor = try DeviceSocket.datagram(
            interface: context.network.interface, address: context.network.address.address, port: 0, purpose: "TFTP")
        let handler = TFTPTransferHandler(transfer, file: file, client: client, context: context)
        let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(handler) }
            .withBoundSocket(descriptor).get()
        transfers.withLock { _ = $0.updateValue(channel, forKey: client) }
        channel.closeFuture.whenComplete { _ in self.leavePlace(client) }
    }

    private func endTransfers() {
        let channels = transfers.withLock { $0.values.compactMap { $0 } }
        channels.forEach { $0.close(promise: nil) }
    }
}
