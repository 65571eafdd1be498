import MusterCore
import MusterEngine

/// What a prompt offers for the word before the cursor.
enum Completion {
    static let words: [String] =
        ["on", "every", "log", "print", "now", "sleep", "wait_for", "require", "local", "function", "return", "pairs", "ipairs",
         "pcall", "error", "tostring", "tonumber", "type", "string", "table", "math"]

    static let members: [String: [String]] = [
        "resources": ["get", "list", "find"], "servers": ["get", "list", "find"], "images": ["get", "list", "find"],
        "boot": ["plan"], "ipmi": ["power", "on", "off", "soft_off", "set_boot_device"], "events": ["emit", "wait_for"],
    ]

    static let methods: [String] = {
        let names = Effects.names.filter { $0.hasPrefix("resource.") || $0.hasPrefix("server.") }
        let bare = Set(names.compactMap { $0.split(separator: ".").last.map(String.init) })
        return (bare.map { $0 } + bare.map { "try_\($0)" }).sorted()
    }()

    /// Whole replacements for the last word. `objects` are the names of resources, servers and images, by collection.
    static func complete(_ text: String, objects: [String: [String]]) -> [String] {
        if let match = text.firstMatch(of: /(\w+)\.get\s*\(?\s*"([^"]*)$/) {
            return (objects[String(match.1)] ?? []).filter { $0.hasPrefix(match.2) }
        }
        let word = String(text.suffix(while: { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == ":" }))
        if let colon = word.lastIndex(of: ":") {
            let typed = word[word.index(after: colon)...]
            return methods.filter { $0.hasPrefix(typed) }.map { word[...colon] + $0 }
        }
        if let dot = word.lastIndex(of: ".") {
            let typed = word[word.index(after: dot)...]
            return (members[String(word[..<dot])] ?? []).filter { $0.hasPrefix(typed) }.map { word[...dot] + $0 }
        }
        return (words + members.keys).filter { $0.hasPrefix(word) }.sorted()
    }
}

extension String {
    fileprivate func suffix(while fits: (Character) -> Bool) -> Substring {
        var start = endIndex
        while start > startIndex, fits(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
