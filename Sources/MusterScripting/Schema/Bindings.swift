/// The Lua that binds the schema's calls to the engine's effects, with checks of their arguments.
///
/// It is executed once for an isolate; a call costs its own checks and nothing that grows with the schema.
enum Bindings {
    /// Tables and classes with their generated functions; `PolicyPrelude` adds the written ones.
    static let lua: String = {
        var lines: [String] = []
        for type in Schema.classes where !type.methods.isEmpty {
            lines.append("local \(type.name) = {}")
            lines += type.methods.flatMap { binding($0) }
        }
        for table in Schema.tables {
            lines.append("\(table.name) = {}")
            lines += table.functions.flatMap { binding($0) }
        }
        lines += Schema.functions.flatMap { binding($0) }
        return lines.joined(separator: "\n") + "\n"
    }()

    /// The twins `try_…`, once all functions are there.
    static let twins: String = {
        let owners = Schema.classes.map { ($0.name, $0.methods) } + Schema.tables.map { ($0.name, $0.functions) }
        return owners.compactMap { name, calls in
            let names = calls.filter(\.hasTry).map { "\"\($0.name)\"" }
            return names.isEmpty ? nil : "with_twins(\(name), { \(names.joined(separator: ", ")) })\n"
        }.joined()
    }()

    private static func binding(_ call: ScriptCall) -> [String] {
        switch call.body {
        case .written: known(call)
        case .alias(let path): ["\(call.path) = \(path)"]
        case .effect(let effect): step(call, effect)
        }
    }

    /// The options of a written step, which calls `options_of` with them itself.
    private static func known(_ call: ScriptCall) -> [String] {
        guard call.isStep, let fields = call.parameters.compactMap(\.type.options).first else { return [] }
        return ["local \(call.path.replacing(".", with: "_"))_known = { \(fields.map { option($0) }.joined(separator: ", ")) }"]
    }

    private static func step(_ call: ScriptCall, _ effect: String) -> [String] {
        let names = (call.isMethod ? ["self"] : []) + call.parameters.map(\.name)
        var before = ["local effect = host[\"\(effect)\"]"]
        var checks: [String] = []
        var given = call.isMethod ? ["want(\"\(call.owner)\", self, \"\(call.path)\")"] : []
        for parameter in call.parameters {
            switch parameter.type {
            case .options(let fields):
                before.append("local \(parameter.name)_known = { \(fields.map { option($0) }.joined(separator: ", ")) }")
                given.append("options_of(\(parameter.name), \(parameter.name)_known, \"\(call.path)\", \"\(parameter.name)\")")
            case .named where !parameter.isOptional:
                checks += check(parameter, call)
                given.append("reference(\(parameter.name))")
            default:
                checks += check(parameter, call)
                given.append(parameter.isOptional && parameter.type.isTable ? "\(parameter.name) or {}" : parameter.name)
            }
        }
        return ["do"] + before.map { "  " + $0 } + [
            "  function \(call.path.replacingOccurrences(of: ":", with: "."))(\(names.joined(separator: ", ")))"
        ]
            + checks.map { "    " + $0 } + ["    return effect(\(given.joined(separator: ", ")))", "  end", "end"]
    }

    private static func check(_ parameter: ScriptField, _ call: ScriptCall) -> [String] {
        guard let fits = test(parameter.type, parameter.name) else { return [] }
        let absent = parameter.isOptional ? "\(parameter.name) == nil or " : ""
        return ["if not (\(absent)\(fits)) then refuse(\"\(call.path)\", \"\(parameter.name)\", \(parameter.name)) end"]
    }

    private static func option(_ field: ScriptField) -> String {
        "\(field.name) = function(x) return \(test(field.type, "x") ?? "true") end"
    }

    /// A Lua expression that is true when `value` fits; nil when everything does.
    static func test(_ type: ScriptType, _ value: String) -> String? {
        func isA(_ kind: String) -> String { "type(\(value)) == \"\(kind)\"" }
        switch type {
        case .any: return nil
        case .boolean: return isA("boolean")
        case .number: return isA("number")
        case .integer: return "\(isA("number")) and \(value) % 1 == 0"
        case .text, .eventName, .moduleName: return isA("string")
        case .duration, .size: return "(\(isA("string")) or \(isA("number")))"
        case .choice(let texts): return "(" + texts.map { "\(value) == \"\($0)\"" }.joined(separator: " or ") + ")"
        case .table, .list, .map, .object, .options: return isA("table")
        case .named: return "(\(isA("string")) or \(isA("table")) and \(value).name ~= nil)"
        case .handler: return isA("function")
        case .either(let types):
            let tests = types.map { test($0, value) }
            return tests.contains(nil) ? nil : "(" + tests.compactMap { $0 }.joined(separator: " or ") + ")"
        }
    }
}

extension ScriptType {
    var isTable: Bool {
        switch self {
        case .table, .list, .map, .options: true
        default: false
        }
    }
}
