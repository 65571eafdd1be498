import MusterCore

/// Something that `muster check` found, as a compiler would say it.
public struct Problem: Sendable, Hashable {
    public enum Severity: String, Sendable { case error, warning }

    public var severity: Severity
    public var file: String
    /// Line and column of the character concerned, both from 1.
    public var line: Int
    public var column: Int
    public var message: String
    public var hint: String?
    /// The source line.
    public var source: String

    public var place: String { "\(file):\(line):\(column)" }

    /// `file:line:column: error: message`, the line with a mark below the place, and the hint.
    public var text: String {
        let tabs = source.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
        let hint = hint.map { "\n  hint: \($0)" } ?? ""
        return "\(place): \(severity.rawValue): \(message)\n  \(source)\n  \(tabs)^\(hint)"
    }

    public var value: Value {
        var fields: Fields = [
            "severity": .string(severity.rawValue), "file": .string(file), "line": .int(Int64(line)),
            "column": .int(Int64(column)),
            "message": .string(message),
        ]
        fields["hint"] = hint.map { .string($0) }
        return .object(fields)
    }

    /// As the error that refuses a hook file; `others` more were found.
    func error(_ others: Int) -> MusterError {
        let more = others > 0 ? " (and \(others) more: muster check shows them)" : ""
        return MusterError(
            .script, (severity == .warning ? "warning: " : "") + message + more, hint: hint, place: "\(file):\(line)")
    }
}

/// A source text with its lines.
struct SourceText {
    let name: String
    let bytes: [UInt8]
    private let lineStarts: [Int]

    init(name: String, text: String) {
        self.name = name
        let bytes = Array(text.utf8)
        self.bytes = bytes
        lineStarts = [0] + bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
    }

    func line(of offset: Int) -> Int { max(1, lineStarts.sortedPlace { $0 <= offset }) }

    func problem(_ severity: Problem.Severity, at offset: Int, _ message: String, hint: String? = nil) -> Problem {
        let line = line(of: offset)
        let start = lineStarts[line - 1]
        let end = bytes[start...].firstIndex { $0 == 10 || $0 == 13 } ?? bytes.count
        let column = String(decoding: bytes[start..<max(start, min(offset, bytes.count))], as: UTF8.self).count + 1
        return Problem(
            severity: severity, file: name, line: line, column: column, message: message, hint: hint.map(withLines),
            source: String(decoding: bytes[start..<max(start, end)], as: UTF8.self))
    }

    /// A problem of which only the line is known.
    func problem(_ severity: Problem.Severity, line: Int, _ message: String, hint: String? = nil) -> Problem {
        let start = lineStarts[max(0, min(line, lineStarts.count) - 1)]
        let first = bytes[start...].firstIndex { $0 != 32 && $0 != 9 } ?? start
        return problem(severity, at: first, message, hint: hint)
    }

    /// Offsets after the parser's mark become lines.
    private func withLines(_ hint: String) -> String {
        guard let mark = hint.firstIndex(of: Character(LuaParser.lineMark)) else { return hint }
        let digits = hint[hint.index(after: mark)...].prefix(while: \.isNumber)
        return hint[..<mark] + String(line(of: Int(digits) ?? 0)) + hint[digits.endIndex...]
    }
}
