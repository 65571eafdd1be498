/// A field of a class, a parameter of a call, an option of a table: something with a name and a type.
public struct ScriptField: Sendable, Hashable {
    public var name: String
    public var type: ScriptType
    /// Whether it may be absent (`nil`).
    public var isOptional: Bool
    /// The unit of a number (`MiB`, `ms since 1970`); nil when it counts things.
    public var unit: String?
    public var doc: String

    public static func field(_ name: String, _ type: ScriptType, unit: String? = nil, _ doc: String = "") -> ScriptField {
        ScriptField(name: name, type: type, isOptional: false, unit: unit, doc: doc)
    }

    public static func optional(_ name: String, _ type: ScriptType, unit: String? = nil, _ doc: String = "") -> ScriptField {
        ScriptField(name: name, type: type, isOptional: true, unit: unit, doc: doc)
    }

    /// An optional table of options as a call's last parameter.
    public static func options(_ fields: ScriptField...) -> ScriptField { .optional("options", .options(fields)) }

    /// The parameter that takes all arguments that are left.
    public static func rest(_ doc: String = "") -> ScriptField { .optional("...", .any, doc) }
}

/// A function or method of the script interface.
public struct ScriptCall: Sendable, Hashable {
    /// What executes it.
    public enum Body: Sendable, Hashable {
        /// The engine, as a step of the run: the name in `Effects`. The binding is generated.
        case effect(String)
        /// A method by another name: `ipmi.on` is `resource.power_on`. The binding is generated.
        case alias(String)
        /// Lua in `PolicyPrelude`, which may call effects, by these names.
        case written(uses: [String])
    }

    /// The name alone: `fence`.
    public var name: String
    /// The class or table that it belongs to; empty for a global function. Set by its owner.
    public var owner = ""
    /// Whether it is called with a colon on a snapshot.
    public var isMethod = false
    public var body: Body
    public var parameters: [ScriptField]
    public var returns: ScriptType?
    /// Whether it waits for functions of the script's, besides its effects.
    public var isGroup = false
    /// Whether it may return `nil` instead.
    public var returnsNothing = false
    public var doc: String
    public var example: String?

    /// The whole name: `resource.fence`, `resources.get`, `sleep`.
    public var path: String { owner.isEmpty ? name : "\(owner).\(name)" }

    /// The names of the engine's calls that it makes.
    public var effects: [String] {
        switch body {
        case .effect(let name), .alias(let name): [name]
        case .written(let uses): uses
        }
    }

    /// Whether it is, or makes, steps of a run: it may wait, and cannot be called at a file's top level.
    public var isStep: Bool { isGroup || !effects.isEmpty }

    /// Whether it has a twin `try_…` that returns `nil` and the error instead of raising it.
    public var hasTry: Bool { isStep && !owner.isEmpty }

    /// How it is written in a script: `resource:fence()`.
    public var signature: String {
        let given = parameters.map { $0.isOptional && $0.name != "..." ? "[\($0.name)]" : $0.name }
        return (owner.isEmpty ? name : owner + (isMethod ? ":" : ".") + name) + "(" + given.joined(separator: ", ") + ")"
    }
}

extension ScriptCall {
    /// A call that the engine executes. Its effect has the call's own path, unless `effect` names another.
    public static func step(
        _ name: String, _ parameters: [ScriptField], effect: String? = nil, returns: ScriptType? = nil, orNil: Bool = false,
        _ doc: String, example: String? = nil
    ) -> ScriptCall {
        ScriptCall(
            name: name, body: .effect(effect ?? ""), parameters: parameters, returns: returns, returnsNothing: orNil, doc: doc,
            example: example)
    }

    /// A call without parameters that the engine executes.
    public static func step(
        _ name: String, returns: ScriptType? = nil, orNil: Bool = false, _ doc: String, example: String? = nil
    ) -> ScriptCall {
        step(name, [], returns: returns, orNil: orNil, doc, example: example)
    }

    /// A method under another name, as a function of a table.
    public static func alias(
        _ name: String, _ parameters: [ScriptField], of path: String, returns: ScriptType? = nil, _ doc: String,
        example: String? = nil
    ) -> ScriptCall {
        ScriptCall(name: name, body: .alias(path), parameters: parameters, returns: returns, doc: doc, example: example)
    }

    /// A function whose Lua is in `PolicyPrelude`.
    public static func written(
        _ name: String, _ parameters: [ScriptField], uses: [String] = [], returns: ScriptType? = nil, orNil: Bool = false,
        _ doc: String, example: String? = nil
    ) -> ScriptCall {
        ScriptCall(
            name: name, body: .written(uses: uses), parameters: parameters, returns: returns, returnsNothing: orNil, doc: doc,
            example: example)
    }

    /// A function that runs functions of the script's side by side; its Lua is in `BranchPrelude`.
    public static func group(
        _ name: String, _ parameters: [ScriptField], uses: [String] = [], returns: ScriptType, _ doc: String,
        example: String? = nil
    ) -> ScriptCall {
        var call = written(name, parameters, uses: uses, returns: returns, doc, example: example)
        call.isGroup = true
        return call
    }

    func owned(by owner: String, isMethod: Bool) -> ScriptCall {
        var call = self
        call.owner = owner
        call.isMethod = isMethod
        if case .effect("") = body { call.body = .effect(call.path) }
        return call
    }
}
