/// A kind of object that calls return: a snapshot with fields, and methods that are steps.
public struct ScriptClass: Sendable, Hashable {
    public var name: String
    public var doc: String
    public var fields: [ScriptField]
    public var methods: [ScriptCall]
    /// Whether its values carry their class into Lua (`$type`), so that they have methods and a text of their own.
    public var isSnapshot: Bool

    public init(_ name: String, isSnapshot: Bool = true, _ doc: String, fields: [ScriptField], methods: [ScriptCall] = []) {
        self.name = name
        self.doc = doc
        self.fields = fields
        self.methods = methods.map { $0.owned(by: name, isMethod: true) }
        self.isSnapshot = isSnapshot
    }
}

/// A global table of functions: `resources`, `boot`, `events`.
public struct ScriptTable: Sendable, Hashable {
    public var name: String
    public var doc: String
    public var functions: [ScriptCall]

    public init(_ name: String, _ doc: String, _ functions: [ScriptCall]) {
        self.name = name
        self.doc = doc
        self.functions = functions.map { $0.owned(by: name, isMethod: false) }
    }
}

/// An event that the engine records.
public struct ScriptEvent: Sendable, Hashable {
    /// What it names besides its data, as snapshots.
    public enum Subject: String, Sendable, Hashable { case resource, server }

    public var name: String
    public var subjects: [Subject]
    public var data: [ScriptField]
    public var doc: String

    public init(_ name: String, data: [ScriptField] = [], _ doc: String) { self.init(name, [], data: data, doc) }

    public init(_ name: String, _ subjects: [Subject], data: [ScriptField] = [], _ doc: String) {
        self.name = name
        self.subjects = subjects
        self.data = data
        self.doc = doc
    }
}

/// A code of the errors that scripts and people see.
public struct ScriptError: Sendable, Hashable {
    public var code: String
    public var meaning: String
    public var remedy: String

    public init(_ code: String, _ meaning: String, _ remedy: String) {
        self.code = code
        self.meaning = meaning
        self.remedy = remedy
    }
}

/// A word of `fleet.lua`.
public struct FleetWord: Sendable, Hashable {
    public var name: String
    /// Whether a name follows it: `host "node1" { … }`.
    public var hasName: Bool
    public var keys: [ScriptField]
    public var doc: String
    public var example: String

    public init(_ name: String, hasName: Bool, _ doc: String, example: String, keys: [ScriptField]) {
        self.name = name
        self.hasName = hasName
        self.doc = doc
        self.example = example
        self.keys = keys
    }
}
