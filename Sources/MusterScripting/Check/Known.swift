/// What is surely known of a value.
indirect enum Known: Equatable {
    case unknown
    /// Nothing yet: a variable whose value is being found out.
    case none
    case `nil`, boolean, number, text, function, table
    case list(Known)
    case object(String)
    /// A global table of the schema, by name.
    case collection(String)
    /// A table of Lua's own, by name.
    case library(String)
    case call(ScriptCall, isTry: Bool)
    /// An event of this name, and its data.
    case event(ScriptEvent)
    case data(ScriptEvent)

    init(_ type: ScriptType?) {
        switch type {
        case nil: self = .nil
        case .boolean: self = .boolean
        case .integer, .number: self = .number
        case .text, .eventName, .moduleName, .choice: self = .text
        case .list(let item): self = .list(Known(item))
        case .object(let name): self = .object(name)
        case .table, .map, .options: self = .table
        case .handler: self = .function
        case .any, .duration, .size, .named, .either: self = .unknown
        }
    }

    /// What is known when it is the one or the other.
    func joined(_ other: Known) -> Known {
        if self == other { return self }
        switch (self, other) {
        case (.none, let known), (let known, .none), (.nil, let known), (let known, .nil): return known
        case (.event, .event), (.event, .object("event")), (.object("event"), .event): return .object("event")
        default: return .unknown
        }
    }

    /// Lua's name for its type; nil when that is not known.
    var kind: String? {
        switch self {
        case .unknown, .none: nil
        case .nil: "nil"
        case .boolean: "boolean"
        case .number: "number"
        case .text: "string"
        case .function, .call: "function"
        case .table, .collection, .list, .object, .library, .event, .data: "table"
        }
    }

    /// The class of a snapshot.
    var snapshot: String? {
        switch self {
        case .object(let name): Schema.class(name)?.isSnapshot == true ? name : nil
        case .event: "event"
        default: nil
        }
    }

    /// Its class, for errors and the names of its members.
    var type: ScriptClass? {
        switch self {
        case .object(let name): Schema.class(name)
        case .event: Schema.event
        default: nil
        }
    }

    /// The field or method of this name; nil when the owner is known and has none.
    func member(_ name: String) -> Known? {
        switch self {
        case .collection(let owner): return Schema.call("\(owner).\(name)").map { .call($0, isTry: $0.name != name) }
        case .library(let owner): return LuaLibrary.names[owner]?.contains(name) == true ? .unknown : nil
        case .data(let event):
            return event.data.first { $0.name == name }.map { Known($0.type) }
        case .event(let event) where name == "data": return .data(event)
        case .event(let event) where name == "resource" || name == "server":
            return event.subjects.contains { $0.rawValue == name } ? .object(name) : nil
        default:
            guard let type else { return .unknown }
            if let field = type.fields.first(where: { $0.name == name }) { return Known(field.type) }
            return Schema.call("\(type.name).\(name)").map { .call($0, isTry: $0.name != name) }
        }
    }
}
