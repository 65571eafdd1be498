import Logging
import MusterCore
import MusterEngine
import NIOCore
import Synchronization

/// The DHCP server on its socket: asks the authority, lets the state machine decide, sends the answer.
final class DHCPPart: BootPart {
    let name = "DHCP"
    private let context: BootContext
    private let server: Mutex<DHCPServer>

    init(_ context: BootContext) {
        self.context = context
        server = Mutex(DHCPServer(network: context.network))
    }

    var leases: [BootLease] { server.withLock { $0.leases } }

    func holding(_ mac: MACAddress, address: IPv4Address, declared: IPv4Address?) -> DHCPServer.Holding {
        server.withLock { $0.holding(mac, address: address, declared: declared) }
    }

    func run(ready: @escaping @Sendable () -> Void) async throws {
        let descriptor = try DeviceSocket.datagram(
            interface: context.network.interface, address: nil, port: context.ports.dhcpServer, purpose: "DHCP")
        let socket = try await DatagramSocket(descriptor: descriptor)
        ready()
        let counters = context.counters
        try await socket.serve(atOnce: 256, overflow: { counters.ignored(.dhcp, "busy") }) { envelope, answerer in
            await self.serve(envelope, answerer)
        }
    }

    private func serve(_ envelope: DatagramSocket.Envelope, _ answerer: DatagramAnswerer) async {
        context.counters.received(.dhcp)
        do {
            let message = try DHCPMessage(decoding: Array(envelope.data.readableBytesView))
            let declared = try await declaredAddress(message)
            switch server.withLock({ $0.receive(message, declared: declared, now: context.now) }) {
            case .silence(let silence): context.counters.ignored(.dhcp, silence.reason, line: silence.line)
            case .reply(let reply, let destination): try send(reply, to: destination, answerer)
            }
        } catch let malformed as MalformedPacket {
            context.counters.malformed(.dhcp, malformed.kind)
        } catch let error as SendError {
            context.counters.ignored(.dhcp, "not_sent", line: "a DHCP answer was not sent: \(error)")
        } catch {
            context.counters.ignored(.dhcp, "engine", line: "DHCP stays silent: \(error)")
        }
    }

    /// The authority is asked only about what the server would look at.
    private func declaredAddress(_ message: DHCPMessage) async throws -> IPv4Address? {
        guard message.operation == .request, message.type != nil, let mac = message.mac else { return nil }
        return try await context.authority.address(for: mac)
    }

    private func send(
        _ reply: DHCPMessage, to destination: DHCPServer.Destination, _ answerer: DatagramAnswerer
    ) throws {
        let host =
            switch destination {
            case .broadcast: "255.255.255.255"
            case .client(let address): address.description
            }
        try answerer.send(reply.encoded, to: SocketAddress(ipAddress: host, port: context.ports.dhcpClient))
        context.counters.answered(.dhcp)
        log(reply)
    }

    private func log(_ reply: DHCPMessage) {
        guard let mac = reply.mac, let type = reply.type else { return }
        let file = String(decoding: reply[DHCPOption.Code.bootFile] ?? [], as: UTF8.self)
        let line = "DHCP \(type) to \(mac): \(reply.yourAddress)" + (file.isEmpty ? "" : ", \(file)")
        context.logger.debug("\(line)")
    }
}
