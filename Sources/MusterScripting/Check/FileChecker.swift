import MusterCore

/// Judges one file: says what is surely wrong, and nothing else. Calls are judged in `FileCheckerCalls`.
final class FileChecker {
    enum Kind { case hook, module, script, fleet, test }

    /// When code is executed.
    enum Context {
        /// At the file's top level.
        case top
        /// In a function of which nobody knows who calls it.
        case function
        /// In a function that Muster calls in a run.
        case run
        /// In a function whose answer Muster waits for.
        case answer
    }

    let kind: Kind
    let source: SourceText
    let facts: FileFacts
    let inference: Inference
    /// Names that the file's modules assign and define, with its own.
    private let globals: Set<String>
    private let loadGlobals: Set<String>
    let fields: Set<String>

    private(set) var problems: [Problem] = []
    /// More than a reader looks at.
    private static let limit = 200
    /// The first use of each capability: by which call, and where.
    private(set) var uses: [Capability: (call: String, at: Int)] = [:]
    /// Functions that were judged as part of an answer.
    private var answering: Set<ObjectIdentifier> = []

    init(_ source: SourceText, _ kind: Kind, _ facts: FileFacts, with modules: [FileFacts]) {
        self.kind = kind
        self.source = source
        self.facts = facts
        let all = [facts] + modules
        globals = all.reduce(into: []) { $0.formUnion($1.globals) }
        loadGlobals = all.reduce(into: []) { $0.formUnion($1.loadGlobals) }
        fields = all.reduce(into: []) { $0.formUnion($1.fields) }
        // The words of tests have names that mean other things in policies.
        let assigned = kind == .test ? globals.union(Schema.testWords).subtracting(["require"]) : globals
        inference = Inference(assigned: assigned, origins: facts.origins)
        inference.handlers = facts.handlers
    }

    func check(_ main: LuaBody) {
        visit(main.body, .top)
        problems.sort { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    func report(_ severity: Problem.Severity, at offset: Int, _ message: String, hint: String? = nil) {
        guard problems.count < Self.limit else { return }
        let problem = source.problem(severity, at: offset, message, hint: hint)
        if !problems.contains(problem) { problems.append(problem) }
    }

    func report(_ error: MusterError, at offset: Int) { report(.error, at: offset, error.message, hint: error.hint) }

    func use(_ capability: Capability, by call: String, at offset: Int) {
        if uses[capability] == nil { uses[capability] = (call, offset) }
    }

    // MARK: Statements

    private func visit(_ block: LuaBlock, _ context: Context) {
        for statement in block.statements { visit(statement, context) }
    }

    private func visit(_ statement: LuaStatement, _ context: Context) {
        switch statement.kind {
        case .local(_, let values), .return(let values): for value in values { visit(value, context) }
        case .localFunction(_, let body): visit(body, context)
        case .assign(let targets, let values):
            for target in targets { assign(target, context) }
            for value in values { visit(value, context) }
        case .call(let call): visit(call, context)
        case .do(let block): visit(block, context)
        case .while(let condition, let block), .repeat(let block, let condition):
            visit(condition, context)
            visit(block, context)
        case .if(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition, context)
                visit(branch.block, context)
            }
            if let otherwise { visit(otherwise, context) }
        case .numericFor(_, let values, let block):
            for value in values { visit(value, context) }
            visit(block, context)
        case .genericFor(_, let values, let block):
            for value in values { visit(value, context) }
            if values.count == 1, case .list = inference.known(values[0]) {
                report(.error, at: values[0].at, "a list is not called by for … in", hint: "for _, item in ipairs(…) do")
            }
            visit(block, context)
        case .function(let target, _, let body):
            assign(target, context)
            visit(body, context)
        case .other: break
        }
    }

    private func assign(_ target: LuaExpression, _ context: Context) {
        guard case .name(let name, nil) = target.kind else {
            guard case .suffixed(let base, let suffixes) = target.kind else { return }
            visit(base, suffixes, context, isAssigned: true)
            return
        }
        if kind == .script || kind == .fleet || context == .top || loadGlobals.contains(name.text) { return }
        let hint = "write local before it, or assign it at the file's top level first"
        let nearest = Spelling.nearest(name.text, loadGlobals).map { "did you mean \($0)? Otherwise \(hint)" }
        report(.error, at: name.at, "assignment to the undeclared global '\(name.text)'", hint: nearest ?? hint)
    }

    func visit(_ body: LuaBody, _ context: Context) {
        let moment = facts.handlers[ObjectIdentifier(body)]?.handler.moment
        let inner: Context =
            switch moment {
            case .run: .run
            case .answer: .answer
            case .call: context
            case nil: context == .top ? .function : context
            }
        if inner == .answer, !answering.insert(ObjectIdentifier(body)).inserted { return }
        visit(body.body, inner)
    }

    // MARK: Expressions

    func visit(_ expression: LuaExpression, _ context: Context) {
        switch expression.kind {
        case .name(let name, nil): global(name)
        case .function(let body): visit(body, context)
        case .parenthesized(let inner), .unary(_, let inner): visit(inner, context)
        case .chain(let first, let operands):
            visit(first, context)
            for operand in operands { visit(operand.value, context) }
        case .table(let items):
            for item in items {
                if case .computed(let key) = item.key { visit(key, context) }
                visit(item.value, context)
            }
        case .suffixed(let base, let suffixes): visit(base, suffixes, context, isAssigned: false)
        case .nil, .true, .false, .variadic, .number, .integer, .text, .name: break
        }
    }

    private static let library = Set(LuaLibrary.names.keys).union(Schema.tables.map(\.name)).union(Schema.functions.map(\.name))
    private static let fleetLibrary = Set(LuaLibrary.names.keys).union(Schema.fleetWords.map(\.name) + ["secret", "agent", "require"])

    private static let testLibrary = Set(LuaLibrary.names.keys).union(Schema.testWords)
    /// What other tools have, and what to write here.
    private static let testAbsent = [
        "setup": "write before_each: every test begins anew", "teardown": "write after_each: every test begins anew",
    ]

    private func global(_ name: LuaName) {
        let library = kind == .fleet ? Self.fleetLibrary : kind == .test ? Self.testLibrary : Self.library
        if library.contains(name.text) || globals.contains(name.text) || name.text == "_ENV" { return }
        let reason = LuaLibrary.absent[name.text] ?? (kind == .test ? Self.testAbsent[name.text] : nil)
        let nearest = Spelling.nearest(name.text, library.union(globals)).map { "did you mean \($0)?" }
        // What requires a module may have set its globals before.
        let severity: Problem.Severity = kind == .module && reason == nil && nearest == nil ? .warning : .error
        report(severity, at: name.at, "there is no global '\(name.text)'", hint: reason ?? nearest)
    }

    private func visit(_ base: LuaExpression, _ suffixes: [LuaSuffix], _ context: Context, isAssigned: Bool) {
        visit(base, context)
        var value = inference.known(base)
        if kind == .fleet, case .name(let name, nil) = base.kind { fleet(name, suffixes) }
        if context == .answer, case .name(_, let local?) = base.kind, facts.origins[local].count == 1,
            case .function(let body) = facts.origins[local][0],
            case .call? = suffixes.first?.kind
        {
            // What an answer calls is part of it.
            if answering.insert(ObjectIdentifier(body)).inserted { visit(body.body, .answer) }
        }
        for (index, suffix) in suffixes.enumerated() {
            let isLast = index == suffixes.count - 1
            switch suffix.kind {
            case .field(let name):
                var isCalled = false
                if !isLast, case .call = suffixes[index + 1].kind { isCalled = true }
                if !(isAssigned && isLast) { field(name, of: value, isCalled: isCalled, at: suffix.at) }
                if isCalled, case .call(let arguments) = suffixes[index + 1].kind {
                    dotted(value, name, arguments, at: suffix.at)
                }
            case .index(let key): visit(key, context)
            case .call(let arguments):
                // A table that can be called as well: `decide("boot", …)` beside `decide.place(…)`.
                if case .collection(let name) = value, let call = Schema.call(name) {
                    self.call(call, arguments, context, at: base.at, isOpen: false)
                }
                if case .call(let call, _) = value {
                    let previous = index > 0 ? suffixes[index - 1].at : base.at
                    // A method that was taken from its object by a dot has the object as its first argument.
                    self.call(
                        call, call.isMethod ? Array(arguments.dropFirst()) : arguments, context, at: previous,
                        isOpen: call.isMethod && arguments.isEmpty)
                }
                for argument in arguments { visit(argument, context) }
            case .method(let name, let arguments):
                method(name, of: value, arguments, context, at: suffix.at)
                for argument in arguments { visit(argument, context) }
            }
            value = inference.known(value, suffix)
        }
    }

    /// Names that resemble a member of a known thing.
    private func members(of value: Known) -> (noun: String, names: [String])? {
        switch value {
        case .collection(let name): return (name, Schema.table(name).map { Schema.names(of: $0.functions) } ?? [])
        case .library(let name): return (name, LuaLibrary.names[name].map { Array($0) } ?? [])
        case .data(let event): return ("the data of \(event.name)", event.data.map(\.name))
        case .event(let event):
            return (
                event.name,
                Schema.event.fields.filter { field in !field.isOptional || event.subjects.contains { $0.rawValue == field.name } }
                    .map(\.name)
            )
        default:
            return value.type.map { type in
                (ScriptType.object(type.name).words, type.fields.map(\.name) + Schema.names(of: type.methods))
            }
        }
    }

    private func field(_ name: String, of value: Known, isCalled: Bool, at offset: Int) {
        guard value.member(name) == nil, !fields.contains(name) || value.type == nil, let (noun, names) = members(of: value)
        else { return }
        let hint = Refusals.nearest(name, names, isCalled ? "names" : "fields")
        report(
            isCalled ? .error : .warning, at: offset, "\(noun) has no \(isCalled ? "function" : "field") '\(name)'",
            hint: names.isEmpty ? nil : hint)
    }

    /// `object.method()` where `object:method()` is meant.
    private func dotted(_ value: Known, _ name: String, _ arguments: [LuaExpression], at offset: Int) {
        guard value.type != nil, case .call(let call, _)? = value.member(name), call.isMethod else { return }
        if let first = arguments.first {
            let given = inference.known(first)
            if given == .unknown || given.snapshot == call.owner || given.kind == "string" { return }
        }
        report(.error, at: offset, "\(call.path) is a method", hint: "call it with a colon: \(call.signature)")
    }

    private func method(_ name: String, of value: Known, _ arguments: [LuaExpression], _ context: Context, at offset: Int) {
        switch value {
        case .collection(let table):
            if let call = Schema.call("\(table).\(name)") {
                report(
                    .error, at: offset, "\(call.path) is a function, not a method", hint: "call it with a dot: \(call.signature)")
            } else {
                field(name, of: value, isCalled: true, at: offset)
            }
        case .text where LuaLibrary.names["string"]?.contains(name) == false && !fields.contains(name):
            report(
                .error, at: offset, "a text has no method '\(name)'",
                hint: Refusals.nearest(name, Array(LuaLibrary.names["string"] ?? []), "methods"))
        case .unknown: unknownMethod(name, at: offset)
        default:
            guard let type = value.type else { return }
            if case .call(let call, _)? = value.member(name) {
                self.call(call, arguments, context, at: offset, isOpen: false)
            } else if !fields.contains(name) {
                let names = Schema.names(of: type.methods)
                report(
                    .error, at: offset, "\(ScriptType.object(type.name).words) has no method '\(name)'",
                    hint: names.isEmpty ? nil : Refusals.nearest(name, names, "methods"))
            }
        }
    }

    /// A method of something unknown: when no file of the policy defines one of this name, it is a snapshot's.
    private func unknownMethod(_ name: String, at offset: Int) {
        guard !fields.contains(name) else { return }
        for type in Schema.classes {
            guard let call = Schema.call("\(type.name).\(name)") else { continue }
            for capability in Schema.needs(call) { use(capability, by: call.path, at: offset) }
        }
    }
}
