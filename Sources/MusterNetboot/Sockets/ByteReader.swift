import MusterCore

/// Reads network-order fields from the front of bytes. Errors: `MalformedPacket(.truncated)`.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = ArraySlice(bytes)
        position = self.bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }
    var remaining: ArraySlice<UInt8> { bytes[position...] }

    mutating func octet() throws -> UInt8 { try take(1).first ?? 0 }
    mutating func word() throws -> UInt16 { try take(2).reduce(0) { $0 << 8 | UInt16($1) } }
    mutating func long() throws -> UInt32 { try take(4).reduce(0) { $0 << 8 | UInt32($1) } }
    mutating func address() throws -> IPv4Address { IPv4Address(number: try long()) }

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw MalformedPacket(.truncated) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Printable ASCII up to a zero octet, which is taken too. Errors: `badText`.
    mutating func text() throws -> String {
        guard let end = remaining.firstIndex(of: 0) else { throw MalformedPacket(.badText) }
        let octets = remaining[..<end]
        guard octets.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw MalformedPacket(.badText) }
        position = end + 1
        return String(decoding: octets, as: UTF8.self)
    }
}

extension Array<UInt8> {
    mutating func append(word: UInt16) { append(contentsOf: [UInt8(word >> 8), UInt8(word & 0xFF)]) }
    mutating func append(long: UInt32) {
        append(word: UInt16(long >> 16))
        append(word: UInt16(long & 0xFFFF))
    }
    /// The octets, cut or filled with zeros to a fixed length.
    mutating func append(_ octets: [UInt8], paddedTo length: Int) {
        append(contentsOf: octets.prefix(length))
        append(contentsOf: repeatElement(0, count: Swift.max(0, length - octets.count)))
    }
}
