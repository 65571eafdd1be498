/// Durations (`"30s"`) and sizes (`"4G"`) as people write them.
public enum Quantity {
    /// Milliseconds of a duration: a number followed by `ms`, `s`, `m`, `h` or `d`, or several (`"1h30m"`). Errors: `bad_argument`.
    public static func milliseconds(_ text: String) throws -> Int64 {
        try parse(
            text, units: ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000],
            hint: "write a duration like \"500ms\", \"30s\", \"5m\" or \"1h30m\"")
    }

    /// Bytes of a size: a number followed by `K`, `M`, `G` or `T` (powers of 1024), or plain bytes. Errors: `bad_argument`.
    public static func bytes(_ text: String) throws -> Int64 {
        try parse(
            text, units: ["": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40],
            hint: "write a size like \"512M\" or \"4G\"")
    }

    private static func parse(_ text: String, units: [String: Int64], hint: String) throws -> Int64 {
        let failure = MusterError(.badArgument, "\"\(text)\" is not a quantity", hint: hint)
        var total: Double = 0
        var rest = Substring(text)
        guard !rest.isEmpty else { throw failure }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = units[String(unit)] else { throw failure }
            total += number * Double(factor)
        }
        guard total < 9e18, let whole = Int64(exactly: total.rounded()) else { throw failure }
        return whole
    }

    /// A duration for people: `850 ms`, `12.4 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`.
    public static func people(milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<0: return "-" + people(milliseconds: -milliseconds)
        case ..<1000: return "\(milliseconds) ms"
        case ..<60_000: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case ..<3_600_000: return "\(milliseconds / 60_000) m \(milliseconds % 60_000 / 1000) s"
        case ..<86_400_000: return "\(milliseconds / 3_600_000) h \(milliseconds % 3_600_000 / 60_000) m"
        default: return "\(milliseconds / 86_400_000) d \(milliseconds % 86_400_000 / 3_600_000) h"
        }
    }

    /// A size for people: `512 MiB`, `4.0 GiB`.
    public static func people(bytes: Int64) -> String {
        if bytes >= 1 << 30 {
            let tenths = (bytes >> 20) * 10 >> 10
            return "\(tenths / 10).\(tenths % 10) GiB"
        }
        return bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
    }
}
