/// Annotations for the Lua language server: types, calls and events without code.
enum Stubs {
    private static func file(_ title: String, _ blocks: [[String]]) -> String {
        let head = ["---@meta", "", "-- \(title) Generated from the schema: \(SchemaFiles.command)"]
        return ([head] + blocks).map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    static let functions = file(
        "The functions that belong to no table.", Schema.functions.filter { $0.name != "require" }.flatMap(call))

    static let tables = file(
        "The global tables.",
        Schema.tables.flatMap { table in
            [["---\(table.doc)", "\(table.name) = {}"]] + table.functions.flatMap(call)
        })

    static let objects = file("What calls return.", aliases + Schema.classes.flatMap(object))

    private static let aliases = [["---@alias muster.duration string|number", "---@alias muster.size string|number"]]

    private static func object(_ type: ScriptClass) -> [[String]] {
        let head: [String] = ["---\(type.doc)", "---@class muster.\(type.name)"]
        let block: [String] = head + type.fields.map { field($0) } + ["local \(type.name) = {}"]
        return [block] + type.methods.flatMap(call)
    }

    static let events = file(
        "The events' names; those that begin with `user.` are free.",
        [["---@alias muster.event_name", "---| string"] + Schema.eventList.map { "---| '\"\($0.name)\"' # \($0.doc)" }])

    static let fleet = file(
        "The words of fleet.lua.",
        [["---@class muster.secret", "---@field secret string"]] + Schema.fleetWords.flatMap(word) + call(Schema.secret)
            + call(Schema.agent))

    /// `resources` and their like are in scripts as well.
    static let testing = file(
        "The words of test files (…_test.lua), for muster test.",
        Schema.testFunctions.flatMap(call)
            + Schema.testTables.flatMap { table in
                (table.name == "events" ? [] : [["---\(table.doc)", "\(table.name) = {}"]]) + table.functions.flatMap(call)
            } + Schema.testClasses.flatMap(object))

    private static func word(_ word: FleetWord) -> [[String]] {
        let name = "muster.fleet.\(word.name)"
        let keys: [String] = ["---@class \(name)"] + word.keys.map { field($0, name) }
        let parameters =
            word.hasName ? ["---@param name string", "---@return fun(fields: \(name))"] : ["---@param fields \(name)"]
        let function = "function \(word.name)(\(word.hasName ? "name" : "fields")) end"
        return nested(word.keys, name) + [keys, ["---\(word.doc)"] + parameters + [function]]
    }

    // MARK: Parts

    private static func call(_ call: ScriptCall) -> [[String]] {
        let options = call.parameters.compactMap { parameter in
            parameter.type.options.map { ($0, "muster.\(call.path).\(parameter.name)") }
        }
        .filter { !$0.0.isEmpty }
        var blocks: [[String]] = options.map { fields, name in ["---@class \(name)"] + fields.map { field($0) } }
        let name = { (name: String) in
            call.owner.isEmpty ? name : "\(call.owner)\(call.isMethod ? ":" : ".")\(name)"
        }
        let parameters = call.parameters.map { parameter($0, call) }
        let names = call.parameters.map(\.name).joined(separator: ", ")
        let head: [String] = call.doc.split(separator: "\n").map { "---\($0)" } + (call.isStep ? ["---@async"] : []) + parameters
        blocks.append(head + overload(call) + returns(call) + ["function \(name(call.name))(\(names)) end"])
        if call.hasTry {
            let answer = call.returns.map { ["---@return \(text($0))? result"] } ?? ["---@return nil"]
            blocks.append(
                ["---Like `\(call.name)`, but returns `nil` and the error instead of raising it.", "---@async"] + parameters
                    + answer
                    + ["---@return muster.error? problem", "function \(name("try_\(call.name)"))(\(names)) end"])
        }
        return blocks
    }

    /// A call that leaves out an optional parameter before the last one.
    private static func overload(_ call: ScriptCall) -> [String] {
        guard let last = call.parameters.last, !last.isOptional, call.parameters.contains(where: \.isOptional) else { return [] }
        let given = call.parameters.filter { !$0.isOptional }.map { "\($0.name): \(text($0.type, call, $0))" }
        return ["---@overload fun(\(given.joined(separator: ", ")))"]
    }

    private static func returns(_ call: ScriptCall) -> [String] {
        call.returns.map { ["---@return \(text($0))\(call.returnsNothing ? "?" : "")"] } ?? []
    }

    private static func parameter(_ parameter: ScriptField, _ call: ScriptCall) -> String {
        let mark = parameter.isOptional && parameter.name != "..." ? "?" : ""
        return "---@param \(parameter.name)\(mark) \(text(parameter.type, call, parameter)) \(parameter.doc)".trimmed
    }

    private static func field(_ field: ScriptField) -> String { self.field(field, "") }

    private static func field(_ field: ScriptField, _ owner: String) -> String {
        let type = field.type.options != nil ? "\(owner).\(field.name)" : text(field.type)
        let unit = field.unit.map { " (\($0))" } ?? ""
        return "---@field \(field.name)\(field.isOptional ? "?" : "") \(type) \(field.doc)\(unit)".trimmed
    }

    /// The classes of tables inside a table.
    private static func nested(_ fields: [ScriptField], _ owner: String) -> [[String]] {
        fields.compactMap { inner in
            inner.type.options.map { ["---@class \(owner).\(inner.name)"] + $0.map { field($0, "\(owner).\(inner.name)") } }
        }
    }

    private static func text(_ type: ScriptType, _ call: ScriptCall, _ parameter: ScriptField) -> String {
        guard let options = type.options else { return text(type) }
        return options.isEmpty ? "table" : "muster.\(call.path).\(parameter.name)"
    }

    private static func text(_ type: ScriptType) -> String {
        switch type {
        case .any: "any"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .text, .moduleName: "string"
        case .eventName: "muster.event_name"
        case .table, .options: "table"
        case .duration: "muster.duration"
        case .size: "muster.size"
        case .choice(let texts): texts.map { "\"\($0)\"" }.joined(separator: "|")
        case .list(.choice(let texts)): "(\(text(.choice(texts))))[]"
        case .list(let item): text(item) + "[]"
        case .map(let item): "table<string, \(text(item))>"
        case .object(let name): "muster.\(name)"
        case .named(let name): "muster.\(name)|string"
        case .handler(let handler):
            "fun(\(handler.parameters.map { "\($0.name): \(text($0.type))" }.joined(separator: ", ")))"
                + (handler.returns.map { ": \(text($0))" } ?? "")
        case .either(let types): types.map { text($0) }.joined(separator: "|")
        }
    }
}

extension String {
    /// Without spaces at the end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
