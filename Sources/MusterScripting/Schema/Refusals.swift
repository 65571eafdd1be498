import MusterCore
import MusterLua

/// What is said to a script whose argument does not fit: the call, the parameter, what was given, and what would do.
enum Refusals {
    /// What the bindings call when a test failed.
    static let functions: [LuaHostFunction] = [
        .function("refuse") { call throws(MusterError) in
            let texts = call.arguments.map { $0.string ?? "" }
            throw value(call: texts[0], parameter: texts[1], kind: texts[2], shown: texts.count > 3 ? texts[3] : nil)
        },
        .function("refuse_option") { call throws(MusterError) in
            let texts = call.arguments.map { $0.string ?? "" }
            throw option(call: texts[0], parameter: texts[1], name: texts[2])
        },
    ]

    /// - Parameters:
    ///   - parameter: The parameter's name, or `options.timeout` for a field of one; `self` for the object of a method.
    ///   - kind: Lua's name for the type of what was given.
    ///   - shown: What was given, when it is short to show.
    ///   - type: What would do, when it is not the parameter's own type.
    static func value(call path: String, parameter: String, type: ScriptType? = nil, kind: String, shown: String?) -> MusterError {
        let call = Schema.call(path)
        if parameter == "self", let call {
            return MusterError(
                .badArgument, "\(path) wants a \(call.owner), not \(given(kind, shown))",
                hint: "call it with a colon: \(call.signature)")
        }
        let steps = parameter.split(separator: ".").map(String.init)
        var wanted = call?.parameters.first { $0.name == steps[0] }?.type
        if steps.count > 1 { wanted = wanted?.options?.first { $0.name == steps[1] }?.type }
        let type = type ?? wanted
        let name = steps.last ?? parameter
        if let call, !call.isMethod, !call.owner.isEmpty, kind == "table", steps[0] == call.parameters.first?.name,
            type?.isTable != true
        {
            return MusterError(
                .badArgument, "\(path): \(name) is a table, not \(type?.words ?? "that")",
                hint: "call it with a dot: \(call.signature)")
        }
        let message =
            kind == "nil"
            ? "\(name) is missing, \(type?.words ?? "a value")" : "\(name) is \(given(kind, shown)), not \(type?.words ?? "that")"
        return MusterError(.badArgument, "\(path): \(message)", hint: type?.example ?? call.map { "write \($0.signature)" })
    }

    static func option(call path: String, parameter: String, name: String) -> MusterError {
        let known = (Schema.call(path)?.parameters.first { $0.name == parameter }?.type.options ?? []).map(\.name)
        if known.isEmpty {
            return MusterError(.badArgument, "\(path) has no options", hint: Schema.call(path).map { "write \($0.signature)" })
        }
        if Int(name) != nil {
            return MusterError(
                .badArgument, "\(path): \(parameter) has a value without a name", hint: "write { \(known[0]) = … }")
        }
        return MusterError(.badArgument, "\(path): there is no option \"\(name)\"", hint: nearest(name, known, "options"))
    }

    /// `did you mean …?`, else the list.
    static func nearest(_ word: String, _ known: [String], _ noun: String) -> String {
        if let nearest = Spelling.nearest(word, known) { return "did you mean \"\(nearest)\"?" }
        return known.count == 1 ? "the only one is \(known[0])" : "the \(noun) are \(known.sorted().joined(separator: ", "))"
    }

    private static func given(_ kind: String, _ shown: String?) -> String {
        switch kind {
        case "string": "\"\(shown ?? "…")\""
        case "number", "boolean": shown ?? kind
        case "nil": "nil"
        default: "a \(kind)"
        }
    }
}
