/// Why bytes from the network are no packet of their protocol. A fixed set of words, so that counters cannot grow with the input.
enum MalformedKind: String, Codable, Sendable, CaseIterable {
    /// It ends in the middle of a field.
    case truncated
    /// DHCP: the four octets before the options are wrong (RFC 2131 section 3).
    case badCookie = "bad_cookie"
    /// An operation code that the protocol does not have.
    case badOperation = "bad_operation"
    /// DHCP: hardware addresses of more than 16 octets, or not Ethernet.
    case badHardware = "bad_hardware"
    /// An option whose length does not fit its meaning or the packet.
    case badOption = "bad_option"
    /// A text without its ending zero, or with characters that are none.
    case badText = "bad_text"
    /// A field that must be zero is not, or a value is out of its bounds.
    case badValue = "bad_value"
    /// HTTP: the bytes are no request.
    case badRequest = "bad_request"
    /// HTTP: the query lacks a parameter, or one is not what it should be.
    case badQuery = "bad_query"
}

/// Bytes that are no packet of their protocol.
struct MalformedPacket: Error, Hashable {
    var kind: MalformedKind
    init(_ kind: MalformedKind) { self.kind = kind }
}
