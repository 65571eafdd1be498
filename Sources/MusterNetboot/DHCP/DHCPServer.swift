import MusterCore

/// The DHCP server's decisions (RFC 2131 section 4.3), without sockets: a message comes in, an answer or the reason for none goes
/// out.
struct DHCPServer {
    enum Outcome: Hashable {
        case reply(DHCPMessage, to: Destination)
        case silence(Silence)
    }

    enum Destination: Hashable {
        /// To all on the wire: the client has no address yet, and we cannot tell the kernel its MAC.
        case broadcast
        /// To an address the client uses already.
        case client(IPv4Address)
    }

    static let leaseSeconds: UInt32 = 3600
    /// How long an offered address waits for its request.
    static let offerMilliseconds: Int64 = 60_000
    static let declineMilliseconds: Int64 = 600_000

    private let network: BootNetwork
    private let url: String
    private var range: AddressRange?
    /// The declared machines that asked so far.
    private var fixed: [MACAddress: IPv4Address] = [:]

    init(network: BootNetwork) {
        self.network = network
        url = BootURL.base(of: network)
        if let first = network.rangeFirst, let last = network.rangeLast {
            range = AddressRange(first: first, last: last, excluded: Self.reserved(on: network.address))
        }
    }

    private static func reserved(on network: IPv4Network) -> Set<IPv4Address> {
        let lowest = network.address.number & network.mask.number
        return [network.address, IPv4Address(number: lowest), IPv4Address(number: lowest | ~network.mask.number)]
    }

    /// Decides on one message. `declared` is the address of a declared machine, nil for one that is not.
    mutating func receive(_ message: DHCPMessage, declared: IPv4Address?, now: Moment) -> Outcome {
        guard message.operation == .request else { return .silence(.notAQuestion) }
        guard let mac = message.mac else { return .silence(.notEthernet) }
        guard let type = message.type else { return .silence(.bootp) }
        guard message.relay.number == 0 else { return .silence(.relayed) }
        if let server = message.address(DHCPOption.Code.serverIdentifier), server != network.address.address {
            return .silence(.otherServer)
        }
        note(declared, for: mac)
        let client = Client(mac: mac, declared: declared, message: message, now: now)
        switch type {
        case .discover: return discover(client)
        case .request: return request(client)
        case .inform: return inform(client)
        case .release:
            range?.release(mac, now: now)
            return .silence(.released)
        case .decline: return decline(client)
        case .offer, .acknowledge, .refuse: return .silence(.notAQuestion)
        }
    }

    /// What a machine's address says about its right to ask in the name of a MAC.
    enum Holding: Hashable {
        /// It is the address of that machine.
        case holds
        /// It may be, or was: leases of undeclared machines are forgotten when the engine restarts, and `fleet.lua` may have
        /// changed.
        case mustRenew
        /// It is another machine's.
        case differs
    }

    func holding(_ mac: MACAddress, address: IPv4Address, declared: IPv4Address?) -> Holding {
        let lease = range?.lease(of: mac)?.address
        if address == declared ?? lease { return .holds }
        if address == fixed[mac] || address == lease { return .mustRenew }
        return declared == nil && lease == nil ? .mustRenew : .differs
    }

    /// Every lease that this server knows of, by MAC.
    var leases: [BootLease] {
        let fixed = fixed.map { BootLease(mac: $0.key, address: $0.value, declared: true) }
        let ranged = (range?.all ?? [:]).map { BootLease(mac: $0.key, address: $0.value.address, declared: false) }
        return (fixed + ranged).sorted { $0.mac < $1.mac }
    }

    private struct Client {
        var mac: MACAddress
        var declared: IPv4Address?
        var message: DHCPMessage
        var now: Moment
        var wanted: IPv4Address? { message.address(DHCPOption.Code.requestedAddress) }
    }

    private mutating func note(_ declared: IPv4Address?, for mac: MACAddress) {
        if let declared {
            fixed[mac] = declared
            range?.forget(mac)
            range?.exclude(declared)
        } else {
            fixed[mac] = nil
        }
    }

    /// The address this client shall have, or why it gets none.
    private mutating func address(for client: Client, wanted: IPv4Address?, milliseconds: Int64) -> Result<IPv4Address, Silence> {
        if let declared = client.declared { return .success(declared) }
        guard range != nil else { return .failure(.noRange(client.mac)) }
        let until = client.now.advanced(by: milliseconds)
        guard let address = range?.address(for: client.mac, wanted: wanted, until: until, now: client.now) else {
            return .failure(.rangeExhausted(client.mac))
        }
        return .success(address)
    }

    private mutating func discover(_ client: Client) -> Outcome {
        switch address(for: client, wanted: client.wanted, milliseconds: Self.offerMilliseconds) {
        case .failure(let silence): .silence(silence)
        case .success(let address): .reply(reply(.offer, to: client, address: address), to: .broadcast)
        }
    }

    /// RFC 2131 section 4.3.2: the states a request comes from differ in where the address stands.
    private mutating func request(_ client: Client) -> Outcome {
        let uses = client.message.clientAddress
        guard let asked = client.wanted ?? (uses.number == 0 ? nil : uses) else { return .silence(.noAddressAsked) }
        let lease = Int64(Self.leaseSeconds) * 1000
        switch address(for: client, wanted: asked, milliseconds: lease) {
        case .failure(let silence): return .silence(silence)
        case .success(let address) where address == asked:
            let answer = reply(.acknowledge, to: client, address: address)
            return .reply(answer, to: uses.number == 0 ? .broadcast : .client(uses))
        case .success:
            // This network is ours alone, so an address that we would not give is wrong, and the client shall ask anew.
            return .reply(refusal(of: client, asked: asked), to: .broadcast)
        }
    }

    private func inform(_ client: Client) -> Outcome {
        let uses = client.message.clientAddress
        guard network.address.contains(uses) else { return .silence(.noAddressAsked) }
        var answer = reply(.acknowledge, to: client, address: IPv4Address(number: 0))
        answer.options.removeAll {
            [DHCPOption.Code.leaseTime, DHCPOption.Code.renewalTime, DHCPOption.Code.rebindingTime].contains($0.code)
        }
        return .reply(answer, to: .client(uses))
    }

    private mutating func decline(_ client: Client) -> Outcome {
        guard let address = client.wanted else { return .silence(.noAddressAsked) }
        guard client.declared != nil || range?.lease(of: client.mac)?.address == address else { return .silence(.otherServer) }
        range?.decline(address, until: client.now.advanced(by: Self.declineMilliseconds))
        return .silence(.declined(client.mac, address))
    }

    private func reply(_ type: DHCPMessageType, to client: Client, address: IPv4Address) -> DHCPMessage {
        var reply = DHCPMessage.answer(type, to: client.message, from: network.address.address)
        reply.yourAddress = address
        reply.clientAddress = client.message.clientAddress
        reply.options += [
            DHCPOption(DHCPOption.Code.leaseTime, seconds: Self.leaseSeconds),
            DHCPOption(DHCPOption.Code.renewalTime, seconds: Self.leaseSeconds / 2),
            DHCPOption(DHCPOption.Code.rebindingTime, seconds: Self.leaseSeconds / 8 * 7),
            DHCPOption(DHCPOption.Code.subnetMask, network.address.mask),
            DHCPOption(DHCPOption.Code.router, network.address.address),
        ]
        let kind = BootClient(client.message)
        if let offer = kind.offer(url: url, mac: client.mac) {
            reply.add(offer, server: network.address.address, skipsProxy: kind == .iPXE)
        }
        return reply
    }

    private func refusal(of client: Client, asked: IPv4Address) -> DHCPMessage {
        var refusal = DHCPMessage.answer(.refuse, to: client.message, from: network.address.address)
        // The client cannot take a unicast on an address it shall not use.
        refusal.flags |= 0x8000
        refusal.options.append(DHCPOption(DHCPOption.Code.message, text: "\(asked) is not the address of \(client.mac)"))
        return refusal
    }
}
