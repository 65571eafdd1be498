/// Cuts source text into tokens, as llex.c of Lua 5.4 does.
struct LuaLexer {
    private let bytes: [UInt8]
    private var index = 0

    static let keywords: Set<String> = Set(LuaLibrary.keywords)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        skipPreamble()
    }

    /// A byte order mark and a line for the shell, as the loader skips them.
    private mutating func skipPreamble() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        guard byte == UInt8(ascii: "#") else { return }
        while let byte, byte != 10 { index += 1 }
    }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }
    private func peek(_ distance: Int = 1) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard byte == character.asciiValue else { return false }
        index += 1
        return true
    }

    mutating func next() throws(LuaSyntaxError) -> LuaToken {
        try skipBlanks()
        let start = index
        guard let first = byte else { return LuaToken(kind: .end, at: start, end: start) }
        let kind: LuaToken.Kind
        if first.isLetter {
            while let byte, byte.isLetter || byte.isDigit { index += 1 }
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            kind = Self.keywords.contains(text) ? .keyword(text) : .name(text)
        } else if first.isDigit || first == UInt8(ascii: ".") && peek()?.isDigit == true {
            kind = try number()
        } else if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            kind = .text(try text(first))
        } else if first == UInt8(ascii: "["), let level = try longLevel() {
            kind = .text(try long(level, "text", start))
        } else {
            kind = .symbol(symbol(first))
        }
        return LuaToken(kind: kind, at: start, end: index)
    }

    // MARK: Blanks

    private mutating func skipBlanks() throws(LuaSyntaxError) {
        while let first = byte {
            if first.isSpace {
                index += 1
            } else if first == UInt8(ascii: "-"), peek() == UInt8(ascii: "-") {
                let start = index
                index += 2
                if byte == UInt8(ascii: "["), let level = commentLevel() {
                    _ = try long(level, "comment", start)
                } else {
                    while let byte, byte != 10, byte != 13 { index += 1 }
                }
            } else {
                return
            }
        }
    }

    /// The number of `=` of a long bracket that opens here, and steps past it; nil when none does.
    private mutating func commentLevel() -> Int? {
        var distance = 1
        while peek(distance) == UInt8(ascii: "=") { distance += 1 }
        guard peek(distance) == UInt8(ascii: "[") else { return nil }
        index += distance + 1
        return distance - 1
    }

    private mutating func longLevel() throws(LuaSyntaxError) -> Int? {
        if let level = commentLevel() { return level }
        guard peek() == UInt8(ascii: "=") else { return nil }
        throw LuaSyntaxError(message: "a long text begins with [[ or [=[", at: index)
    }

    /// What is between long brackets, after the opening one.
    private mutating func long(_ level: Int, _ what: String, _ start: Int) throws(LuaSyntaxError) -> String {
        if byte == 13 || byte == 10 { skipLineEnd() }
        let begin = index
        while let first = byte {
            if first == UInt8(ascii: "]") {
                var distance = 1
                while distance <= level, peek(distance) == UInt8(ascii: "=") { distance += 1 }
                if distance == level + 1, peek(distance) == UInt8(ascii: "]") {
                    defer { index += level + 2 }
                    return String(decoding: bytes[begin..<index], as: UTF8.self)
                }
                // The brackets that do not close it may be many: each is looked at once.
                index += distance
            } else {
                index += 1
            }
        }
        throw LuaSyntaxError(message: "this long \(what) is not closed", at: start)
    }

    private mutating func skipLineEnd() {
        let first = byte
        index += 1
        if let second = byte, second == 10 || second == 13, second != first { index += 1 }
    }

    // MARK: Numbers

    private mutating func number() throws(LuaSyntaxError) -> LuaToken.Kind {
        let start = index
        var exponent: [UInt8] = [UInt8(ascii: "e"), UInt8(ascii: "E")]
        let isHex = byte == UInt8(ascii: "0") && (peek() == UInt8(ascii: "x") || peek() == UInt8(ascii: "X"))
        if isHex {
            exponent = [UInt8(ascii: "p"), UInt8(ascii: "P")]
            index += 2
        } else {
            index += 1
        }
        while let first = byte {
            if exponent.contains(first) {
                index += 1
                if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { index += 1 }
            } else if first.isHexDigit || first == UInt8(ascii: ".") {
                index += 1
            } else {
                break
            }
        }
        if byte?.isLetter == true { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard let kind = LuaNumber.read(text, isHex: isHex) else {
            throw LuaSyntaxError(message: "\(text) is no number", at: start)
        }
        return kind
    }

    // MARK: Texts

    private mutating func text(_ quote: UInt8) throws(LuaSyntaxError) -> String {
        let start = index
        index += 1
        var out: [UInt8] = []
        while let first = byte {
            if first == quote {
                index += 1
                return String(decoding: out, as: UTF8.self)
            }
            if first == 10 || first == 13 { break }
            if first == UInt8(ascii: "\\") {
                try escape(&out, start)
            } else {
                out.append(first)
                index += 1
            }
        }
        throw LuaSyntaxError(message: "this text is not closed", at: start)
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 92, UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39,
    ]

    private mutating func escape(_ out: inout [UInt8], _ start: Int) throws(LuaSyntaxError) {
        let at = index
        index += 1
        guard let first = byte else { throw LuaSyntaxError(message: "this text is not closed", at: start) }
        if let plain = Self.simple[first] {
            out.append(plain)
            index += 1
        } else if first == 10 || first == 13 {
            skipLineEnd()
            out.append(10)
        } else if first == UInt8(ascii: "z") {
            index += 1
            while let byte, byte.isSpace { index += 1 }
        } else if first == UInt8(ascii: "x") {
            guard let high = peek()?.hexValue, let low = peek(2)?.hexValue else {
                throw wrongEscape("\\x takes two hexadecimal digits", at)
            }
            out.append(high << 4 | low)
            index += 3
        } else if first == UInt8(ascii: "u") {
            try scalar(&out, at)
        } else if first.isDigit {
            var value = 0
            for _ in 0..<3 {
                guard let digit = byte, digit.isDigit else { break }
                value = value * 10 + Int(digit - UInt8(ascii: "0"))
                index += 1
            }
            guard value < 256 else { throw wrongEscape("\\ddd is at most 255", at) }
            out.append(UInt8(value))
        } else {
            throw wrongEscape("there is no such escape in a text", at)
        }
    }

    private mutating func scalar(_ out: inout [UInt8], _ at: Int) throws(LuaSyntaxError) {
        index += 1
        guard take("{"), byte?.hexValue != nil else { throw wrongEscape("\\u takes a code in braces: \\u{e4}", at) }
        var value: UInt32 = 0
        while let digit = byte?.hexValue {
            guard value <= 0x7FF_FFFF else { throw wrongEscape("\\u{…} is too large", at) }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        guard take("}") else { throw wrongEscape("\\u takes a code in braces: \\u{e4}", at) }
        out += Array(String(Unicode.Scalar(value).map(Character.init) ?? "\u{FFFD}").utf8)
    }

    private func wrongEscape(_ message: String, _ at: Int) -> LuaSyntaxError {
        LuaSyntaxError(message: message, at: at, hint: "a backslash itself is written \\\\")
    }

    // MARK: Symbols

    private static let symbols: [[UInt8]] = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"].map { Array($0.utf8) }

    private mutating func symbol(_ first: UInt8) -> String {
        for candidate in Self.symbols where candidate[0] == first && bytes[index...].starts(with: candidate) {
            index += candidate.count
            return String(decoding: candidate, as: UTF8.self)
        }
        let start = index
        index += 1
        // A character of several bytes is shown whole.
        while first >= 0xC0, let byte, byte & 0xC0 == 0x80 { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (48...57).contains(self) }
    fileprivate var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) || self == 95 }
    fileprivate var isSpace: Bool { self == 32 || (9...13).contains(self) }
    fileprivate var isHexDigit: Bool { hexValue != nil }
    fileprivate var hexValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}
