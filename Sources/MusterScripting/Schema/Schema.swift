import MusterCore
import MusterEngine

/// The script interface: every object, call, event and error, in one place.
///
/// From it come the bindings (`Bindings`), the stubs for editors, the reference, the prompt's help and completion, and what
/// `muster check` knows. To add a call, add its entry to the file of its subject; a `.step` needs nothing else but its effect in
/// the engine, a `.written` one its Lua in `PolicyPrelude`. Then `muster schema --write .` rewrites what is generated.
public enum Schema {
    public static let classes: [ScriptClass] = [
        resource, server, image, claim, evidence, trouble, event, error, plan, reservation, placement, tick, request, response, result,
    ]
    public static let tables: [ScriptTable] = [resources, servers, images, boot, ipmi, events, os, http, metrics, failovers]
    public static let functions: [ScriptCall] =
        (registering + asking + waiting + branching + telling + remembering + outside + helping).map { $0.owned(by: "", isMethod: false) }

    /// Every call, methods included.
    public static let calls: [ScriptCall] = functions + tables.flatMap(\.functions) + classes.flatMap(\.methods)

    private static let classesByName = Dictionary(uniqueKeysWithValues: classes.map { ($0.name, $0) })
    private static let tablesByName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    private static let callsByPath = Dictionary(uniqueKeysWithValues: calls.map { ($0.path, $0) })
    private static let eventsByName = Dictionary(uniqueKeysWithValues: eventList.map { ($0.name, $0) })

    public static func `class`(_ name: String) -> ScriptClass? { classesByName[name] }
    public static func table(_ name: String) -> ScriptTable? { tablesByName[name] }
    public static func event(_ name: String) -> ScriptEvent? { eventsByName[name] }

    /// A call by its path, or by the path of its `try_` twin.
    public static func call(_ path: String) -> ScriptCall? {
        if let call = callsByPath[path] { return call }
        guard let twin = path.firstRange(of: ".try_") else { return nil }
        let call = callsByPath[path.replacingCharacters(in: twin, with: ".")]
        return call?.hasTry == true ? call : nil
    }

    /// What a hook file must declare that it needs to make a call, as the engine says.
    public static func needs(_ call: ScriptCall) -> Set<Capability> { Set(call.effects.compactMap(Effects.needs)) }

    /// What happens to a call's step that a crash left in doubt, as the engine says; nil when it never is.
    public static func inDoubtRule(of call: ScriptCall) -> String? { call.effects.compactMap(Effects.inDoubtRule).first }

    /// The names under which the members of a table or class can be called, twins included.
    public static func names(of calls: [ScriptCall]) -> [String] {
        calls.flatMap { $0.hasTry ? [$0.name, "try_\($0.name)"] : [$0.name] }
    }
}
