/// A TFTP packet as values (RFC 1350 section 5, options: RFC 2347).
enum TFTPPacket: Hashable, Sendable {
    case read(TFTPRequest)
    case write(TFTPRequest)
    case data(block: UInt16, [UInt8])
    case acknowledge(block: UInt16)
    case error(TFTPErrorCode, String)
    case options([TFTPOption])
}

/// What a client asks for.
struct TFTPRequest: Hashable, Sendable {
    var file: String
    /// As the client wrote it; compared without case.
    var mode: String
    var options: [TFTPOption] = []
}

struct TFTPOption: Hashable, Sendable {
    /// As the client wrote it; compared without case.
    var name: String
    var value: String
}

/// RFC 1350 appendix and RFC 2347; any number, so that an error is never unreadable.
struct TFTPErrorCode: RawRepresentable, Hashable, Sendable {
    var rawValue: UInt16
    init(rawValue: UInt16) { self.rawValue = rawValue }

    static let undefined = Self(rawValue: 0)
    static let fileNotFound = Self(rawValue: 1)
    static let accessViolation = Self(rawValue: 2)
    static let illegalOperation = Self(rawValue: 4)
    static let unknownTransfer = Self(rawValue: 5)
    static let optionsRefused = Self(rawValue: 8)
}
