import Glibc
import MusterCore
import NIOCore
import Synchronization

/// Sends router advertisements on the boot network. Without IPv6 on this machine it does nothing: machines then boot some seconds
/// later.
final class RouterPart: BootPart {
    let name = "router advertisements"
    private let context: BootContext
    private let schedule: Mutex<AdvertisementSchedule>

    init(_ context: BootContext) {
        self.context = context
        schedule = Mutex(AdvertisementSchedule(now: context.now))
    }

    func run(ready: @escaping @Sendable () -> Void) async throws {
        // What can fail comes before the socket, which must be served.
        let hosts = try allHosts()
        guard let socket = try await open() else {
            ready()
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
        ready()
        let counters = context.counters
        try await socket.serve(
            atOnce: 64, overflow: { counters.ignored(.router, "busy") },
            meanwhile: { answerer in
                while true {
                    let wait = self.schedule.withLock { $0.wait(at: self.context.now) }
                    try await self.advertise(after: wait, to: hosts, answerer)
                }
            },
            { envelope, answerer in
                guard let wait = self.receive(envelope) else { return }
                try? await self.advertise(after: wait, to: hosts, answerer)
            })
    }

    /// Nil, and a warning, when this machine cannot do it.
    private func open() async throws -> DatagramSocket? {
        let interface = context.network.interface
        do {
            guard !LinkLocalAddress.isDisabled(on: interface) else {
                throw MusterError(
                    "boot_network", "IPv6 is switched off on \(interface)",
                    hint: "sysctl net.ipv6.conf.\(interface).disable_ipv6=0 switches it on")
            }
            return try await DatagramSocket(descriptor: try DeviceSocket.routerDiscovery(interface: interface))
        } catch let error as MusterError {
            context.logger.warning("no router advertisements, so each iPXE waits some 15 s longer: \(error)")
            return nil
        }
    }

    /// Milliseconds to wait with the answer, nil when there is nothing to answer.
    private func receive(_ envelope: DatagramSocket.Envelope) -> Int64? {
        context.counters.received(.router)
        do {
            guard try RouterPacket(decoding: Array(envelope.data.readableBytesView)) == .solicitation else {
                context.counters.ignored(.router, "not_a_question")
                return nil
            }
            return schedule.withLock { $0.solicited(at: context.now) }
        } catch {
            context.counters.malformed(.router, (error as? MalformedPacket)?.kind ?? .badValue)
            return nil
        }
    }

    private func advertise(after wait: Int64, to hosts: SocketAddress, _ answerer: DatagramAnswerer) async throws {
        try await Task.sleep(for: .milliseconds(wait))
        guard schedule.withLock({ $0.isDue(at: context.now) }) else { return }
        guard LinkLocalAddress.isUsable(on: context.network.interface) else {
            schedule.withLock { $0.missed(at: context.now) }
            return context.counters.ignored(.router, "no_address")
        }
        do {
            try answerer.send(RouterPacket.advertisement(.nothingHere).encoded, to: hosts)
            context.counters.answered(.router)
        } catch {
            context.counters.ignored(.router, "not_sent", line: "a router advertisement was not sent: \(error)")
        }
    }

    /// `ff02::1` on the boot network's interface.
    private func allHosts() throws -> SocketAddress {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        inet_pton(AF_INET6, "ff02::1", &address.sin6_addr)
        address.sin6_scope_id = try DeviceSocket.index(of: context.network.interface)
        return SocketAddress(address)
    }
}
