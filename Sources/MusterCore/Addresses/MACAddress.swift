/// An Ethernet address, written `52:54:00:77:00:01`.
public struct MACAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Six octets, network order.
    public let octets: [UInt8]

    public init?(octets: [UInt8]) {
        guard octets.count == 6 else { return nil }
        self.octets = octets
    }

    /// Accepts `:` and `-` between the octets.
    public init?(_ text: String) {
        let parts = text.split(separator: text.contains("-") ? "-" : ":", omittingEmptySubsequences: false)
        let octets = parts.compactMap { $0.count == 2 && $0.allSatisfy(\.isHexDigit) ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, octets.count == 6 else { return nil }
        self.octets = octets
    }

    public var description: String { octets.map { hexadecimal($0) }.joined(separator: ":") }
    /// Without separators, as in file and resource names.
    public var compact: String { octets.map { hexadecimal($0) }.joined() }

    public static func < (left: Self, right: Self) -> Bool { left.octets.lexicographicallyPrecedes(right.octets) }
}

func hexadecimal(_ octet: UInt8) -> String {
    let text = String(octet, radix: 16)
    return text.count == 1 ? "0" + text : text
}

extension MACAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = MACAddress(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address")
        }
        self = address
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
