extension Value {
    /// The canonical JSON text (RFC 8259): keys sorted, no spaces; equal values give equal text. Written by hand because the
    /// journal writes it twice a step; a number that JSON cannot hold (NaN, infinity) becomes `null`.
    public var json: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the canonical JSON text as UTF-8.
    public func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .int(let number): bytes += String(number).utf8
        case .double(let number): bytes += (number.isFinite ? number.description : "null").utf8
        case .string(let text): Value.write(text, into: &bytes)
        case .array(let items): Value.write(items, into: &bytes)
        case .object(let fields): Value.write(fields, into: &bytes)
        }
    }

    /// Appends a list as `write(into:)` does.
    public static func write(_ items: [Value], into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for item in items {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            item.write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Appends an object as `write(into:)` does.
    public static func write(_ fields: Fields, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in fields {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            write(key, into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            value.write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends a text in quotes. What needs no escape, nearly always all of it, is copied at once.
    public static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { source in
            var copied = 0
            for index in source.indices where needsEscape(source[index]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[copied..<index]))
                copied = index + 1
                escape(source[index], into: &bytes)
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[copied...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

    private static func escape(_ byte: UInt8, into bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): bytes += "\\\"".utf8
        case UInt8(ascii: "\\"): bytes += "\\\\".utf8
        case UInt8(ascii: "\n"): bytes += "\\n".utf8
        case UInt8(ascii: "\t"): bytes += "\\t".utf8
        case UInt8(ascii: "\r"): bytes += "\\r".utf8
        default: bytes += "\\u00\(hexadecimal(byte))".utf8
        }
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
            var stored: Fields = [:]
            for (key, value) in fields { stored[key] = try value.storable() }
            return .object(stored)
        default: return self
        }
    }
}
