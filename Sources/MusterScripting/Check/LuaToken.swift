/// A token of Lua 5.4 source (reference manual, section 3.1).
struct LuaToken: Equatable {
    enum Kind: Equatable {
        case name(String)
        case keyword(String)
        case symbol(String)
        case number(Double)
        case integer(Int64)
        case text(String)
        case end
    }

    var kind: Kind
    /// Bytes from the beginning of the source to where it begins and ends.
    var at: Int
    var end: Int

    func isKeyword(_ word: String) -> Bool { kind == .keyword(word) }
    func isSymbol(_ text: String) -> Bool { kind == .symbol(text) }

    /// A name, keyword or symbol as it is written.
    var text: String {
        switch kind {
        case .name(let text), .keyword(let text), .symbol(let text): text
        case .number, .integer, .text, .end: ""
        }
    }

    /// As an error message shows it.
    var shown: String {
        switch kind {
        case .name(let text), .keyword(let text), .symbol(let text): "'\(text)'"
        case .number, .integer: "a number"
        case .text: "a text"
        case .end: "the end of the file"
        }
    }
}

/// What is wrong with a source text as Lua.
struct LuaSyntaxError: Error {
    var message: String
    var at: Int
    var hint: String?
}
