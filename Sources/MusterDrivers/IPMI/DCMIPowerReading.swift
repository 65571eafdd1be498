/// The answer to Get Power Reading, DCMI 1.5 specification, section 6.6.1, without its completion code.
struct DCMIPowerReading: Sendable, Hashable {
    /// Network function of group extensions, and the number of DCMI's group (IPMI 2.0 specification, table 5-1).
    static let function: UInt8 = 0x2C
    static let group: UInt8 = 0xDC
    static let command: UInt8 = 0x02
    /// Group, then mode: system power statistics, which has no attributes; then a reserved byte.
    static let request: [UInt8] = [group, 0x01, 0x00, 0x00]

    /// The draw now.
    let watts: Int64
    /// Whether it is being measured: without that the numbers are of no moment.
    let isActive: Bool

    /// nil for bytes that are no such answer: group; current, least, greatest and mean watts of two bytes each, low byte first; a time and a
    /// period of four bytes; the state, whose bit 6 says active.
    init?(bytes: [UInt8]) {
        guard bytes.count >= 18, bytes[0] == Self.group else { return nil }
        watts = Int64(bytes[1]) | Int64(bytes[2]) << 8
        isActive = bytes[17] & 0x40 != 0
    }
}
