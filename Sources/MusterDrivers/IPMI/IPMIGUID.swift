/// A controller's GUID: 16 bytes whose order on the wire differs between makers.
///
/// The IPMI 2.0 specification (section 20.8) wants all 16 bytes reversed, many controllers send SMBIOS order (the first three
/// fields little-endian, as DMI stores them), some plain RFC 4122 order; `ipmi_sim` sends its configuration's bytes as written.
/// There is no telling for certain, so a comparison accepts each of the three: a wrong machine matches by chance about
/// three times in 2¹²⁸.
struct IPMIGUID: Sendable, Hashable {
    let bytes: [UInt8]

    /// Nil when the bytes say nothing: not 16, all 0x00 or all 0xFF.
    init?(bytes: [UInt8]) {
        guard bytes.count == 16, !bytes.allSatisfy({ $0 == 0 }), !bytes.allSatisfy({ $0 == 0xFF }) else { return nil }
        self.bytes = bytes
    }

    /// The readings of the bytes, the likeliest first.
    var candidates: [String] {
        let readings = [Self.smbios(bytes), bytes, Array(bytes.reversed())]
        // A reading whose version and variant are those of RFC 4122 goes before one whose are not.
        let plausible = readings.filter(Self.isPlausible)
        let others = readings.filter { !Self.isPlausible($0) }
        return (plausible + others).map(Self.text)
    }

    /// The likeliest reading, as lower-case UUID text.
    var text: String { candidates[0] }

    /// Whether some reading is this UUID; case and hyphens do not matter.
    func matches(_ uuid: String) -> Bool {
        let wanted = Self.digits(uuid)
        return candidates.contains { Self.digits($0) == wanted }
    }

    private static func digits(_ text: String) -> String { text.lowercased().filter(\.isHexDigit) }

    private static func smbios(_ bytes: [UInt8]) -> [UInt8] {
        bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8..<16]
    }

    private static func isPlausible(_ bytes: [UInt8]) -> Bool {
        (1...5).contains(bytes[6] >> 4) && bytes[8] >> 6 == 0b10
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }
}
