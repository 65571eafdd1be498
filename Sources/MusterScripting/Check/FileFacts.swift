/// What a file assigns, defines, requires and hands to Muster: read before anything is judged.
struct FileFacts {
    /// Globals assigned while the file is loaded, as far as that can be told, and anywhere.
    var loadGlobals: Set<String> = []
    var globals: Set<String> = []
    /// Names of fields that the file defines or assigns: methods of its own objects.
    var fields: Set<String> = []
    /// Modules and where they are required.
    var requires: [(name: String, at: Int)] = []
    /// What `needs` declares; nil when it cannot be told.
    var needs: Set<String>? = []
    /// Whether it registers hooks.
    var registers = false
    /// Whether its last statement returns something, as a module does.
    var returnsValue = false

    /// Functions that are handed to a call of the schema, and locals that are.
    var handlers: [ObjectIdentifier: Inference.Handler] = [:]
    private var localHandlers: [ObjectIdentifier: (local: LuaLocal, body: LuaBody, uses: [Inference.Handler])] = [:]

    /// Where the values of locals come from.
    let origins: LuaOrigins
    private var loaded: Set<ObjectIdentifier> = []
    private var calledFields: Set<String> = []
    private var fieldFunctions: [(String, LuaBody)] = []
    private var globalFunctions: [String: LuaBody] = [:]

    init(_ tree: LuaTree) {
        origins = tree.origins
        let main = tree.main
        visit(main.body, isLoad: true)
        // What is called by a field's name while the file is loaded is loaded with it.
        for (name, body) in fieldFunctions where calledFields.contains(name) { load(body) }
        for (id, entry) in localHandlers where entry.uses.count == entry.local.reads {
            var handler = entry.uses[0]
            if entry.uses.contains(where: { $0.event != handler.event }) { handler.event = nil }
            if entry.uses.allSatisfy({ $0.handler == handler.handler }) { handlers[id] = handler }
        }
        if case .return(let values)? = main.body.statements.last?.kind { returnsValue = !values.isEmpty }
    }

    // MARK: Statements

    private mutating func visit(_ block: LuaBlock, isLoad: Bool) {
        for statement in block.statements { visit(statement, isLoad) }
    }

    private mutating func visit(_ statement: LuaStatement, _ isLoad: Bool) {
        switch statement.kind {
        case .local(_, let values), .return(let values): for value in values { visit(value, isLoad) }
        case .localFunction(_, let body): visit(body.body, isLoad: false)
        case .assign(let targets, let values):
            for (index, target) in targets.enumerated() {
                assign(target, index < values.count ? values[index] : nil, isLoad)
                visit(target, isLoad)
            }
            for value in values { visit(value, isLoad) }
        case .call(let call): visit(call, isLoad)
        case .do(let block): visit(block, isLoad: isLoad)
        case .while(let condition, let block), .repeat(let block, let condition):
            visit(condition, isLoad)
            visit(block, isLoad: isLoad)
        case .if(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition, isLoad)
                visit(branch.block, isLoad: isLoad)
            }
            if let otherwise { visit(otherwise, isLoad: isLoad) }
        case .numericFor(_, let values, let block), .genericFor(_, let values, let block):
            for value in values { visit(value, isLoad) }
            visit(block, isLoad: isLoad)
        case .function(let target, _, let body):
            assign(target, LuaExpression(kind: .function(body), at: body.at), isLoad)
            visit(body.body, isLoad: false)
        case .other: break
        }
    }

    private mutating func assign(_ target: LuaExpression, _ value: LuaExpression?, _ isLoad: Bool) {
        var body: LuaBody?
        if case .function(let function)? = value?.kind { body = function }
        switch target.kind {
        case .name(let name, nil):
            globals.insert(name.text)
            if isLoad { loadGlobals.insert(name.text) }
            if let body { globalFunctions[name.text] = body }
        case .suffixed(_, let suffixes):
            guard let last = suffixes.last else { return }
            var field: String?
            if case .field(let name) = last.kind { field = name }
            if case .index(let key) = last.kind, case .text(let name) = key.kind { field = name }
            guard let field else { return }
            fields.insert(field)
            if let body { fieldFunctions.append((field, body)) }
        default: break
        }
    }

    // MARK: Expressions

    private mutating func visit(_ expression: LuaExpression, _ isLoad: Bool) {
        switch expression.kind {
        case .function(let body): visit(body.body, isLoad: false)
        case .parenthesized(let inner), .unary(_, let inner): visit(inner, isLoad)
        case .chain(let first, let operands):
            visit(first, isLoad)
            for operand in operands { visit(operand.value, isLoad) }
        case .table(let items):
            for item in items {
                var name: String?
                if case .name(let text) = item.key { name = text }
                if case .computed(let key) = item.key {
                    visit(key, isLoad)
                    if case .text(let text) = key.kind { name = text }
                }
                if let name, case .function(let body) = item.value.kind {
                    fields.insert(name)
                    fieldFunctions.append((name, body))
                }
                visit(item.value, isLoad)
            }
        case .suffixed(let base, let suffixes): visit(base, suffixes, expression.at, isLoad)
        default: break
        }
    }

    private mutating func visit(_ base: LuaExpression, _ suffixes: [LuaSuffix], _ at: Int, _ isLoad: Bool) {
        visit(base, isLoad)
        // The path of globals so far: `resources.find`; nil when it is none.
        var path: String?
        if case .name(let name, nil) = base.kind { path = name.text }
        for (index, suffix) in suffixes.enumerated() {
            switch suffix.kind {
            case .field(let name): path = path.map { "\($0).\(name)" }
            case .index(let key):
                visit(key, isLoad)
                path = nil
            case .call(let arguments), .method(_, let arguments):
                if case .method(let name, _) = suffix.kind {
                    path = nil
                    if isLoad { calledFields.insert(name) }
                }
                if isLoad { noteCall(base, index == 0, suffixes[..<index], at) }
                let registers = path.map { note($0, arguments, at) } ?? false
                for argument in arguments {
                    if isLoad, !registers, case .function(let body) = argument.kind {
                        load(body)
                    } else {
                        visit(argument, isLoad)
                    }
                }
                path = nil
            }
        }
    }

    /// A call made while the file is loaded: what it calls is loaded with it.
    private mutating func noteCall(_ base: LuaExpression, _ isDirect: Bool, _ before: ArraySlice<LuaSuffix>, _ at: Int) {
        if case .field(let name)? = before.last?.kind { calledFields.insert(name) }
        guard isDirect else { return }
        switch base.kind {
        case .name(_, let local?): for case .function(let body) in origins[local] { load(body) }
        case .name(let name, nil): if let body = globalFunctions[name.text] { load(body) }
        case .parenthesized(let inner): if case .function(let body) = inner.kind { load(body) }
        default: break
        }
    }

    private mutating func load(_ body: LuaBody) {
        guard loaded.insert(ObjectIdentifier(body)).inserted else { return }
        visit(body.body, isLoad: true)
    }

    /// Notes what a call of the schema is given. Answers whether its functions are called later.
    private mutating func note(_ path: String, _ arguments: [LuaExpression], _ at: Int) -> Bool {
        guard let call = Schema.call(path) else { return false }
        if path == "require", case .text(let name)? = arguments.first?.kind { requires.append((name, at)) }
        if path == "needs" { declare(arguments) }
        var isLater = false
        for (parameter, argument) in call.matched(arguments) {
            guard let handler = parameter.type.handler else { continue }
            isLater = isLater || handler.moment != .call
            if handler.moment != .call { registers = registers || call.effects.isEmpty }
            var event: ScriptEvent?
            if case .text(let name)? = arguments.first?.kind { event = Schema.event(name) }
            let use = Inference.Handler(handler: handler, event: event)
            switch argument.kind {
            case .function(let body): handlers[ObjectIdentifier(body)] = use
            case .name(_, let local?):
                guard origins[local].count == 1, case .function(let body) = origins[local][0] else { continue }
                localHandlers[ObjectIdentifier(body), default: (local, body, [])].uses.append(use)
            default: break
            }
        }
        return isLater
    }

    private mutating func declare(_ arguments: [LuaExpression]) {
        guard case .table(let items)? = arguments.first?.kind else {
            needs = nil
            return
        }
        for item in items {
            guard case .position = item.key, case .text(let name) = item.value.kind else {
                needs = nil
                return
            }
            needs?.insert(name)
        }
    }
}

extension ScriptCall {
    /// Arguments with the parameters that take them: an optional one before a required last one may be left out (`on`).
    func matched(_ arguments: [LuaExpression]) -> [(ScriptField, LuaExpression)] {
        Array(zip(parameters(for: arguments.count), arguments))
    }

    func parameters(for count: Int) -> [ScriptField] {
        guard let last = parameters.last, !last.isOptional else { return parameters }
        var taken = parameters
        while taken.count > count, let index = taken.lastIndex(where: \.isOptional) { taken.remove(at: index) }
        return taken
    }
}

extension ScriptType {
    /// The function that a value of it is.
    var handler: ScriptHandler? {
        switch self {
        case .handler(let handler): handler
        case .either(let types): types.lazy.compactMap(\.handler).first
        default: nil
        }
    }
}
