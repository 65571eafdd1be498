/// Numerals (reference manual, section 3.1): digits with a fraction and an exponent, decimal or hexadecimal.
enum LuaNumber {
    /// The value; nil when the text is no numeral. A decimal integer that does not fit is a float; a hexadecimal one wraps around.
    static func read(_ text: String, isHex: Bool) -> LuaToken.Kind? {
        var rest = Substring(text)
        if isHex { rest = rest.dropFirst(2) }
        let whole = digits(&rest, isHex)
        var hasFraction = false
        var fraction = 0
        if rest.first == "." {
            hasFraction = true
            rest = rest.dropFirst()
            fraction = digits(&rest, isHex)
        }
        guard whole + fraction > 0 else { return nil }
        var hasExponent = false
        if let mark = rest.first, isHex ? "pP".contains(mark) : "eE".contains(mark) {
            hasExponent = true
            rest = rest.dropFirst()
            if let sign = rest.first, "+-".contains(sign) { rest = rest.dropFirst() }
            guard digits(&rest, false) > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        if !hasFraction, !hasExponent {
            if isHex {
                let value = text.dropFirst(2).reduce(into: UInt64(0)) { $0 = $0 << 4 | UInt64($1.hexDigitValue ?? 0) }
                return .integer(Int64(bitPattern: value))
            }
            if let value = Int64(text) { return .integer(value) }
        }
        return .number(Double(text) ?? 0)
    }

    private static func digits(_ rest: inout Substring, _ isHex: Bool) -> Int {
        let found = rest.prefix { isHex ? $0.isHexDigit : ("0"..."9").contains($0) }
        rest = rest.dropFirst(found.count)
        return found.count
    }
}
