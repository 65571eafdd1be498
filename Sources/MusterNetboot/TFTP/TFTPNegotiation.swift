/// What a read's options come to: the ones accepted, and their answer.
struct TFTPNegotiation: Hashable, Sendable {
    /// Octets of a block (RFC 2348), 512 without the option.
    private(set) var blockSize = 512
    /// Before the first retransmission (RFC 2349).
    private(set) var timeoutMilliseconds: Int64 = 1000
    /// For the OACK; empty when the transfer begins with its first block.
    private(set) var accepted: [TFTPOption] = []

    /// An option that is unknown, given twice, or out of bounds is left out of the answer, which refuses it (RFC 2347).
    init(_ options: [TFTPOption], size: Int64) {
        var seen: Set<String> = []
        for option in options where seen.insert(option.name.lowercased()).inserted {
            switch (option.name.lowercased(), Int(option.value)) {
            case ("blksize", let value?) where (8...65464).contains(value):
                blockSize = value
            case ("timeout", let value?) where (1...255).contains(value):
                timeoutMilliseconds = Int64(value) * 1000
            case ("tsize", _?):
                accepted.append(TFTPOption(name: option.name, value: String(size)))
                continue
            default: continue
            }
            accepted.append(TFTPOption(name: option.name, value: option.value))
        }
    }
}
