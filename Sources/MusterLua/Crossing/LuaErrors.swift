import CLuaShim
import MusterCore

extension MusterError.Code {
    /// The script hung inside one library call, and its isolate is lost.
    public static let stuck: Self = "stuck"
    /// The isolate was abandoned or closed before the work began.
    public static let abandoned: Self = "abandoned"
    /// An effect was called at a file's top level.
    public static let topLevel: Self = "top_level"
}

extension FlatReader {
    /// An error as the C side writes it: six texts or nulls. A script's own text carries its place in front.
    mutating func readError() -> MusterError {
        let code = readOptionalText()
        var message = readOptionalText() ?? "unknown error"
        let hint = readOptionalText()
        var place = readOptionalText()
        let subject = readOptionalText()
        let traceback = readOptionalText()
        if code == nil, let found = ScriptPlace.split(message) {
            place = place ?? found.place
            message = found.rest
        }
        place = place ?? traceback.flatMap(ScriptPlace.first)
        return MusterError(
            code.map(MusterError.Code.init(rawValue:)) ?? .script, message, hint: hint, place: place, subject: subject,
            traceback: traceback)
    }
}

/// Finds `file:line` in the texts that Lua makes.
enum ScriptPlace {
    /// Splits `failover.lua:12: message`; nil when the text begins otherwise.
    static func split(_ text: String) -> (place: String, rest: String)? {
        let bytes = text.utf8
        guard var colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        while true {
            let digits = bytes[bytes.index(after: colon)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            let rest = bytes[digits.endIndex...]
            if !digits.isEmpty, rest.starts(with: ": ".utf8) {
                let place = text[..<digits.endIndex]
                if place.contains(where: \.isWhitespace) { return nil }
                return (String(place), String(text[bytes.index(digits.endIndex, offsetBy: 2)...]))
            }
            guard let next = bytes[bytes.index(after: colon)...].firstIndex(of: UInt8(ascii: ":")) else { return nil }
            colon = next
        }
    }

    /// The place of the innermost line of a traceback.
    static func first(_ traceback: String) -> String? {
        split(String(traceback.prefix { $0 != "\n" }))?.place
    }
}
