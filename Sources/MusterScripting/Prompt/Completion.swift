import MusterCore

/// What a prompt offers for the word before the cursor.
enum Completion {
    private static let words: [String] =
        Schema.functions.map(\.name) + Schema.tables.map(\.name) + LuaLibrary.names.keys + LuaLibrary.keywords

    private static let methods = Schema.classes.flatMap { Schema.names(of: $0.methods) }
    private static let fields = Schema.classes.flatMap { $0.fields.map(\.name) }

    /// Whole replacements for the last word. `objects` are the names of resources, servers and images, by collection.
    static func complete(_ text: String, objects: [String: [String]]) -> [String] {
        if let quoted = quoted(text, objects) { return quoted }
        let word = String(text.suffix(while: { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == ":" }))
        let before = text.dropLast(word.count)
        if let options = options(before) { return unique(options, word).map { "\($0)" } }
        if let colon = word.lastIndex(of: ":") {
            return unique(methods, word[word.index(after: colon)...]).map { word[...colon] + $0 }
        }
        if let dot = word.lastIndex(of: ".") {
            return unique(members(of: String(word[..<dot])), word[word.index(after: dot)...]).map { word[...dot] + $0 }
        }
        return unique(words, word)
    }

    private static func unique(_ names: [String], _ typed: some StringProtocol) -> [String] {
        Set(names).filter { $0.hasPrefix(typed) }.sorted()
    }

    private static func members(of name: String) -> [String] {
        if let table = Schema.table(name) { return Schema.names(of: table.functions) }
        return LuaLibrary.names[name].map { Array($0) } ?? fields
    }

    /// Inside a text: names of objects after `get("`, of events after `on("`, of what `help("` and `require("` know.
    private static func quoted(_ text: String, _ objects: [String: [String]]) -> [String]? {
        guard let match = text.firstMatch(of: /([\w.:]+)\s*\(?\s*["']([^"']*)$/) else { return nil }
        let (path, typed) = (String(match.1), match.2)
        if path == "help" { return unique(Help.topics, typed) }
        guard let type = call(path)?.parameters.first?.type else {
            return objects[String(path.prefix { $0 != "." })].map { unique($0, typed) }
        }
        switch type {
        case .eventName: return unique(Schema.eventList.map(\.name), typed)
        case .choice(let texts): return unique(texts, typed)
        case .named(let kind): return unique(objects["\(kind)s"] ?? [], typed)
        case .text where path.hasSuffix(".get"): return unique(objects[String(path.dropLast(4))] ?? [], typed)
        default: return nil
        }
    }

    /// The options of the call whose table is open before the cursor; nil when there is none, or a value is expected.
    private static func options(_ text: some StringProtocol) -> [String]? {
        var depth = 0
        var open: String.Index?
        for index in text.indices.reversed() {
            if text[index] == "}" { depth += 1 }
            if text[index] == "{" {
                if depth == 0 {
                    open = index
                    break
                }
                depth -= 1
            }
        }
        guard let open, let last = text[open...].last(where: { !$0.isWhitespace }), last == "{" || last == "," else { return nil }
        guard let match = String(text[..<open]).firstMatch(of: /([\w.:]+)\s*(?:\([^()]*)?$/) else { return nil }
        guard let fields = call(String(match.1))?.parameters.compactMap(\.type.options).first else { return nil }
        return fields.map(\.name)
    }

    /// The call that is written so: by its path, or as a method of whatever the name before the colon holds.
    private static func call(_ text: String) -> ScriptCall? {
        guard let colon = text.lastIndex(of: ":") else { return Schema.call(text) }
        let name = text[text.index(after: colon)...]
        return Schema.classes.lazy.compactMap { Schema.call("\($0.name).\(name)") }.first
    }
}

extension String {
    fileprivate func suffix(while fits: (Character) -> Bool) -> Substring {
        var start = endIndex
        while start > startIndex, fits(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
