/// The neighbour discovery packets that a router sends and hears (RFC 4861 section 4), without the ICMPv6 checksum, which the
/// kernel fills in and checks.
enum RouterPacket: Hashable, Sendable {
    /// A host asks for routers.
    case solicitation
    case advertisement(RouterAdvertisement)

    /// Errors: `MalformedPacket`.
    init(decoding bytes: [UInt8]) throws {
        var reader = ByteReader(bytes)
        let type = try reader.octet()
        guard try reader.octet() == 0 else { throw MalformedPacket(.badValue) }
        _ = try reader.word()
        switch type {
        case 133:
            _ = try reader.long()
            self = .solicitation
        case 134: self = .advertisement(try RouterAdvertisement(&reader))
        default: throw MalformedPacket(.badOperation)
        }
        try Self.checkOptions(reader.remaining)
    }

    /// Each option says its length in units of eight octets; zero would never end (RFC 4861 section 4.6).
    private static func checkOptions(_ octets: ArraySlice<UInt8>) throws {
        var reader = ByteReader(octets)
        while !reader.isAtEnd {
            _ = try reader.octet()
            let length = Int(try reader.octet())
            guard length > 0 else { throw MalformedPacket(.badOption) }
            _ = try reader.take(length * 8 - 2)
        }
    }

    var encoded: [UInt8] {
        switch self {
        case .solicitation: [133, 0, 0, 0, 0, 0, 0, 0]
        case .advertisement(let advertisement): [134, 0, 0, 0] + advertisement.encoded
        }
    }
}

/// A router advertisement without options (RFC 4861 section 4.2).
struct RouterAdvertisement: Hashable, Sendable {
    var hopLimit: UInt8
    /// Managed (0x80) and other (0x40) configuration by DHCPv6.
    var flags: UInt8
    /// Seconds for which the sender is a default router; 0 means that it is none.
    var lifetime: UInt16
    /// Milliseconds; 0 leaves the host's own value.
    var reachableTime: UInt32
    var retransmissionTime: UInt32

    /// Says that there is no IPv6 here to wait for: no default router, no prefix, no DHCPv6. iPXE configures IPv6 beside IPv4 and
    /// goes on only when both ended; without an answer that takes until its solicitations time out.
    static let nothingHere = RouterAdvertisement(hopLimit: 0, flags: 0, lifetime: 0, reachableTime: 0, retransmissionTime: 0)
}

extension RouterAdvertisement {
    fileprivate init(_ reader: inout ByteReader) throws {
        hopLimit = try reader.octet()
        flags = try reader.octet()
        lifetime = try reader.word()
        reachableTime = try reader.long()
        retransmissionTime = try reader.long()
    }

    fileprivate var encoded: [UInt8] {
        var bytes: [UInt8] = [hopLimit, flags]
        bytes.append(word: lifetime)
        bytes.append(long: reachableTime)
        bytes.append(long: retransmissionTime)
        return bytes
    }
}
