/// A type of the script interface: what a field holds, a parameter takes, a call returns.
public indirect enum ScriptType: Sendable, Hashable {
    case any, boolean, integer, number, text, table
    /// `"30s"` or a number of seconds.
    case duration
    /// `"4G"` or a number of bytes.
    case size
    /// The name of an event; names that begin with `user.` are free.
    case eventName
    /// A name that `require` finds.
    case moduleName
    /// One of these texts.
    case choice([String])
    case list(ScriptType)
    /// A table whose keys are texts.
    case map(ScriptType)
    /// A snapshot of a class, or another object with its fields.
    case object(String)
    /// A snapshot of a class, or its name as text.
    case named(String)
    /// A table with these fields and no others.
    case options([ScriptField])
    /// A function that Muster calls.
    case handler(ScriptHandler)
    case either([ScriptType])
}

/// A function that a script hands to Muster.
public struct ScriptHandler: Sendable, Hashable {
    /// When it is executed.
    public enum Moment: Sendable, Hashable {
        /// In a run of its own: it may call everything.
        case run
        /// Within the call: it may do what the caller may.
        case call
        /// As an answer that is waited for: it may compute, and call no effect or query.
        case answer
    }

    public var moment: Moment
    public var parameters: [ScriptField]
    public var returns: ScriptType?

    public init(_ moment: Moment, _ parameters: [ScriptField] = [], returns: ScriptType? = nil) {
        self.moment = moment
        self.parameters = parameters
        self.returns = returns
    }
}

extension ScriptType {
    /// The type in words, as errors and help name it: `a duration`, `a resource or its name`.
    public var words: String {
        switch self {
        case .any: "any value"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .text: "a text"
        case .table: "a table"
        case .duration: "a duration"
        case .size: "a size"
        case .eventName: "an event's name"
        case .moduleName: "a module's name"
        case .choice(let texts):
            texts.count == 1 ? "\"\(texts[0])\"" : "one of " + texts.map { "\"\($0)\"" }.joined(separator: ", ")
        case .list(let item): "a list of \(item.plural)"
        case .map: "a table with names"
        case .object(let name): Self.article(name) + " " + name
        case .named(let name): "\(Self.article(name)) \(name) or its name"
        case .options: "a table of options"
        case .handler(let handler): "a function(\(handler.parameters.map(\.name).joined(separator: ", ")))"
        case .either(let types): types.map(\.words).joined(separator: " or ")
        }
    }

    private var plural: String {
        switch self {
        case .text: "texts"
        case .integer, .number: "numbers"
        case .object(let name): "\(name)s"
        case .choice(let texts): texts.map { "\"\($0)\"" }.joined(separator: ", ")
        default: "values"
        }
    }

    private static func article(_ noun: String) -> String { "aeio".contains(noun.first ?? "x") ? "an" : "a" }

    /// How a value of it is written, for hints.
    public var example: String? {
        switch self {
        case .duration: "write \"30s\" or a number of seconds"
        case .size: "write \"4G\" or a number of bytes"
        case .choice(let texts) where texts.count > 1: "one of " + texts.map { "\"\($0)\"" }.joined(separator: ", ")
        case .options(let fields):
            fields.isEmpty ? nil : "{ " + fields.map { "\($0.name) = …" }.joined(separator: ", ") + " }"
        case .list(.choice(let texts)): "{ " + texts.map { "\"\($0)\"" }.joined(separator: ", ") + " }"
        default: nil
        }
    }

    /// The fields of an option table.
    public var options: [ScriptField]? { if case .options(let fields) = self { fields } else { nil } }
}
