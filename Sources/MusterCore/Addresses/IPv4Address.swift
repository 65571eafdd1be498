/// An IPv4 address as a 32-bit number in host order.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var number: UInt32
    public init(number: UInt32) { self.number = number }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in
            part.allSatisfy(\.isNumber) && part.count <= 3 ? UInt8(part) : nil
        }
        guard parts.count == 4, octets.count == 4 else { return nil }
        number = octets.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Four octets, network order.
    public var octets: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
    public var description: String { octets.map { String($0) }.joined(separator: ".") }
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension IPv4Address: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = IPv4Address(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IPv4 address")
        }
        self = address
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// An IPv4 network: an address with its prefix length, written `10.77.0.1/24`.
public struct IPv4Network: Sendable, Hashable, CustomStringConvertible {
    public var address: IPv4Address
    /// 0 to 32.
    public var prefix: Int

    public init(address: IPv4Address, prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    public init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPv4Address(String(parts[0])), let prefix = Int(parts[1]),
            (0...32).contains(prefix)
        else { return nil }
        self.init(address: address, prefix: prefix)
    }

    public var mask: IPv4Address { IPv4Address(number: prefix == 0 ? 0 : ~UInt32(0) << (32 - UInt32(prefix))) }
    public func contains(_ other: IPv4Address) -> Bool { other.number & mask.number == address.number & mask.number }
    public var description: String { "\(address)/\(prefix)" }
}

extension IPv4Network: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let network = IPv4Network(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an address/prefix")
        }
        self = network
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
