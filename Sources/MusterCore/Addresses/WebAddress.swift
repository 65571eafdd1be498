/// A web address (RFC 3986, `http` and `https` only), read so strictly that every reader of it finds the same host and path: no user
/// information, no escapes in the host, no path that leads upwards however it is written.
public struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    public let scheme: String
    /// Lower case; an IPv6 address keeps its brackets.
    public let host: String
    public let port: Int
    /// Begins with `/`; as it was written.
    public let path: String
    /// What follows `?`; nil without one.
    public let query: String?

    /// Errors: `bad_argument`.
    public init(_ text: String) throws(MusterError) {
        guard let end = text.firstRange(of: "://") else { throw Self.wrong(text, "it does not begin with https:// or http://") }
        scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw Self.wrong(text, "it does not begin with https:// or http://") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else {
            throw Self.wrong(text, "it has a character that must be written as %XX")
        }
        let rest = text[end.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw Self.wrong(text, "it has a user in it: give a header with a secret instead") }
        (host, port) = try Self.endpoint(authority, scheme, text)
        let target = rest.dropFirst(authority.count)
        let mark = target.firstIndex(of: "?")
        let written = target[..<(mark ?? target.endIndex)]
        path = written.isEmpty ? "/" : String(written)
        query = mark.map { String(target[target.index(after: $0)...]) }
        guard let decoded = Self.decoded(path), !Self.leadsElsewhere(decoded) else {
            throw Self.wrong(text, "its path leads elsewhere than it is written")
        }
    }

    private static func endpoint(_ authority: Substring, _ scheme: String, _ text: String) throws(MusterError) -> (String, Int) {
        var host = authority
        var port = scheme == "https" ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            host = authority[..<colon]
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(digits),
                (1...65535).contains(number)
            else {
                throw wrong(text, "its port is no number from 1 to 65535")
            }
            port = number
        }
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
        let letters = isAddress ? host.dropFirst().dropLast() : host
        guard !letters.isEmpty, letters.utf8.count < 254,
            letters.utf8.allSatisfy({ isAddress ? $0.isHexadecimal || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") : $0.isHostLetter }
            )
        else { throw wrong(text, "its host is no name and no address") }
        return (host.lowercased(), port)
    }

    /// The text with its escapes resolved as bytes; nil for a wrong escape or an escaped control character.
    private static func decoded(_ path: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), value >= 0x20,
                value != 0x7f
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a segment is `.` or `..`, also before parameters (`..;x`), which some servers drop.
    private static func leadsElsewhere(_ path: String) -> Bool {
        path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains { segment in
            let name = segment.prefix { $0 != ";" }
            return name == ".." || name == "."
        }
    }

    private static func wrong(_ text: String, _ why: String) -> MusterError {
        MusterError(
            .badArgument, "\"\(text.prefix(200))\" is no address to ask: \(why)", hint: "write it like \"https://hooks.example.org/path\"")
    }

    /// Scheme, host and port: what a browser calls the origin (RFC 6454).
    public var origin: String {
        let usual = scheme == "https" ? 443 : 80
        return "\(scheme)://\(host)" + (port == usual ? "" : ":\(port)")
    }

    public var description: String { origin + path + (query.map { "?\($0)" } ?? "") }

    /// Whether this address lies under another: the same origin, and the other's path or one below it.
    public func isUnder(_ other: WebAddress) -> Bool {
        guard origin == other.origin else { return false }
        return path == other.path || path.hasPrefix(other.path.hasSuffix("/") ? other.path : other.path + "/")
    }
}

extension WebAddress: Codable {
    public init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isHexadecimal: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(self)
    }
    fileprivate var isHostLetter: Bool {
        isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
