/// Finds out what is surely known of values in one file: without flow, from declarations and the schema alone.
final class Inference {
    /// What Muster gives to the functions of a file that it calls.
    struct Handler {
        var handler: ScriptHandler
        /// The event that it is called for, when it is one only.
        var event: ScriptEvent?
    }

    var handlers: [ObjectIdentifier: Handler] = [:]
    /// Globals that scripts assign: nothing is known of them.
    let assigned: Set<String>
    private let origins: LuaOrigins
    private var locals: [ObjectIdentifier: Known] = [:]
    private var busy = 0

    init(assigned: Set<String>, origins: LuaOrigins) { (self.assigned, self.origins) = (assigned, origins) }

    func known(_ expression: LuaExpression) -> Known {
        switch expression.kind {
        case .nil: return .nil
        case .true, .false: return .boolean
        case .number, .integer: return .number
        case .text: return .text
        case .function: return .function
        case .table: return .table
        case .variadic: return .unknown
        case .parenthesized(let inner): return known(inner)
        case .name(let name, let local): return local.map { known($0) } ?? global(name.text)
        case .unary(let symbol, _): return symbol == "not" ? .boolean : symbol == "#" ? .number : .unknown
        case .chain(let first, let operands): return known(first, operands)
        case .suffixed(let base, let suffixes):
            var value = known(base)
            for suffix in suffixes {
                if value == .unknown || value == Known.none { return value }
                value = known(value, suffix)
            }
            return value
        }
    }

    private func known(_ first: LuaExpression, _ operands: [LuaOperand]) -> Known {
        switch operands.last?.symbol {
        case "..": return .text
        case "==", "~=", "<", ">", "<=", ">=": return .boolean
        case "or" where operands.allSatisfy { $0.symbol == "or" }:
            return operands.reduce(known(first)) { $0.joined(known($1.value)) }
        default: return .unknown
        }
    }

    func global(_ name: String) -> Known {
        if assigned.contains(name) { return .unknown }
        if Schema.table(name) != nil { return .collection(name) }
        if let call = Schema.call(name), call.owner.isEmpty { return .call(call, isTry: false) }
        if let members = LuaLibrary.names[name] { return members.isEmpty ? .unknown : .library(name) }
        return .unknown
    }

    /// What a field, an index or a call of a value gives.
    func known(_ value: Known, _ suffix: LuaSuffix) -> Known {
        switch suffix.kind {
        case .field(let name): return value.member(name) ?? .unknown
        case .index(let key):
            if case .text(let name) = key.kind { return value.member(name) ?? .unknown }
            if case .list(let item) = value { return item }
            return .unknown
        case .call(let arguments):
            if case .call(let call, _) = value { return result(of: call, arguments) }
            return .unknown
        case .method(let name, let arguments):
            if value.type != nil, case .call(let call, _)? = value.member(name) { return result(of: call, arguments) }
            return .unknown
        }
    }

    private func result(of call: ScriptCall, _ arguments: [LuaExpression]) -> Known {
        if call.effects == ["wait_for"], case .text(let name)? = arguments.first?.kind, let event = Schema.event(name) {
            return .event(event)
        }
        return Known(call.returns)
    }

    // MARK: Locals

    func known(_ local: LuaLocal) -> Known {
        let id = ObjectIdentifier(local)
        if let found = locals[id] { return found }
        // Locals that follow from each other in a long line are no reason to run out of stack.
        guard busy < 200 else { return .unknown }
        busy += 1
        locals[id] = Known.none
        let found = origins[local].reduce(Known.none) { $0.joined(known($1)) }
        busy -= 1
        locals[id] = found == .none ? .unknown : found
        return locals[id] ?? .unknown
    }

    private func known(_ origin: LuaLocal.Origin) -> Known {
        switch origin {
        case .counter: return .number
        case .function: return .function
        case .value(let expressions, let index):
            if index < expressions.count { return known(expressions[index]) }
            guard let last = expressions.last, last.isMultiple else { return .nil }
            return index == 1 && expressions.count == 1 ? second(of: last) : .unknown
        case .parameter(let body, let index):
            guard let handler = handlers[ObjectIdentifier(body)], index < handler.handler.parameters.count else {
                return .unknown
            }
            let type = handler.handler.parameters[index].type
            if type == .object("event"), let event = handler.event { return .event(event) }
            return Known(type)
        case .loop(let expressions, let index):
            guard case .suffixed(let base, let suffixes)? = expressions.first?.kind, case .name(let name, nil) = base.kind,
                name.text == "ipairs" || name.text == "pairs", suffixes.count == 1, case .call(let arguments) = suffixes[0].kind,
                let list = arguments.first, case .list(let item) = known(list)
            else { return .unknown }
            return index == 0 ? .number : index == 1 ? item : .unknown
        }
    }

    /// The second value of a call: the error of a `try_…`.
    private func second(of call: LuaExpression) -> Known {
        guard case .suffixed(let base, let suffixes) = call.kind, let last = suffixes.last else { return .unknown }
        let value = suffixes.dropLast().reduce(known(base)) { known($0, $1) }
        switch last.kind {
        case .call: if case .call(_, isTry: true) = value { return .object("error") }
        case .method(let name, _):
            if value.type != nil, case .call(_, isTry: true)? = value.member(name) { return .object("error") }
        case .field, .index: break
        }
        return .unknown
    }
}
