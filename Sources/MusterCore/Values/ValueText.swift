extension Value {
    /// The canonical JSON text (RFC 8259): keys sorted, no spaces; equal values give equal text. Written by hand because the
    /// journal writes it twice a step; a number that JSON cannot hold (NaN, infinity) becomes `null`.
    public var json: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .int(let number): bytes += String(number).utf8
        case .double(let number): bytes += (number.isFinite ? number.description : "null").utf8
        case .string(let text): Value.write(text, into: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let fields):
            bytes.append(UInt8(ascii: "{"))
            for (index, key) in fields.keys.sorted().enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Value.write(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                (fields[key] ?? .null).write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00\(hexadecimal(byte))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The same value as it comes back from the journal, where a whole number is an integer however a script computed it. Errors:
    /// `bad_argument` for a number that is not finite.
    public func storable() throws(MusterError) -> Value {
        switch self {
        case .double(let number):
            if let whole = Int64(exactly: number) { return .int(whole) }
            guard number.isFinite else {
                throw MusterError(.badArgument, "\(number) is no number that can be recorded", hint: "look for a division by zero")
            }
            return self
        case .array(let items):
            var stored: [Value] = []
            for item in items { stored.append(try item.storable()) }
            return .array(stored)
        case .object(let fields):
            var stored: [String: Value] = [:]
            for (key, value) in fields { stored[key] = try value.storable() }
            return .object(stored)
        default: return self
        }
    }
}
