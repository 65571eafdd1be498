import MusterCore

// Calls of the schema: where they are made, and with what.
extension FileChecker {
    /// - Parameter isOpen: Whether arguments are missing for another reason, which was reported.
    func call(_ call: ScriptCall, _ arguments: [LuaExpression], _ context: Context, at offset: Int, isOpen: Bool) {
        for capability in Schema.needs(call) { use(capability, by: call.path, at: offset) }
        place(call, context, at: offset)
        if call.path == "require" { return require(arguments, at: offset) }
        guard !isOpen else { return }
        if call.path == "on" { key(of: arguments) }
        let parameters = call.parameters(for: arguments.count)
        for (index, parameter) in parameters.enumerated() {
            if parameter.name == "..." { return }
            guard index < arguments.count else {
                if arguments.last?.isMultiple != true { missing(parameter, call, at: offset) }
                continue
            }
            // The last argument may stand for several, or for none.
            if index == arguments.count - 1, arguments[index].isMultiple, inference.known(arguments[index]) == .unknown { return }
            check(arguments[index], parameter, call, parameter.name)
        }
        if arguments.count > parameters.count {
            let count =
                parameters.count == 0 ? "no arguments" : parameters.count == 1 ? "one argument" : "\(parameters.count) arguments"
            report(.warning, at: arguments[parameters.count].at, "\(call.path) takes \(count)", hint: "write \(call.signature)")
        }
    }

    /// `on("resource.failed", { key = "…" }, …)`: a key that the event has not puts all runs into one queue.
    private func key(of arguments: [LuaExpression]) {
        guard arguments.count > 1, case .text(let name) = arguments[0].kind, let event = Schema.event(name),
            case .table(let items) = arguments[1].kind
        else { return }
        let known = event.subjects.map(\.rawValue) + event.data.map(\.name)
        for item in items {
            guard case .name("key") = item.key, case .text(let key) = item.value.kind, !known.contains(key) else { continue }
            report(
                .warning, at: item.value.at,
                "\(name) has no '\(key)' to be the key of its runs, so that all of them queue one after the other",
                hint: known.isEmpty ? nil : Refusals.nearest(key, known, "keys"))
        }
    }

    /// Steps do not belong at the top level or into answers; registrations belong nowhere else.
    private func place(_ call: ScriptCall, _ context: Context, at offset: Int) {
        if call.path == "events.follow" {
            report(
                .error, at: offset, "events.follow is for the prompt: there is nobody here to show events to",
                hint: "react with on(…), or wait with wait_for(…)")
        } else if call.isStep {
            if context == .top, kind == .hook || kind == .module {
                report(
                    .error, at: offset, "\(call.path) is a step, and a file's top level only registers and computes",
                    hint: "move the call into a handler")
            } else if context == .answer {
                report(
                    .error, at: offset, "\(call.path) is a step, and an answer only computes: it is waited for",
                    hint: "move it into an on or every handler")
            }
        } else if call.parameters.contains(where: { $0.type.handler?.moment == .run || $0.type.handler?.moment == .answer })
            || call.path == "needs" || call.path == "limits"
        {
            guard context == .run || context == .answer else { return }
            report(.error, at: offset, "\(call.path) belongs at the top level of the file", hint: "a run cannot register hooks")
        }
    }

    private func missing(_ parameter: ScriptField, _ call: ScriptCall, at offset: Int) {
        guard !parameter.isOptional else { return }
        report(Refusals.value(call: call.path, parameter: parameter.name, kind: "nil", shown: nil), at: offset)
    }

    private func require(_ arguments: [LuaExpression], at offset: Int) {
        guard let first = arguments.first, case .text = first.kind else {
            return report(.error, at: offset, "require wants the module's name written out", hint: #"require "muster.recover""#)
        }
    }

    // MARK: Arguments

    /// - Parameter path: The parameter's name, or `options.timeout`.
    private func check(_ value: LuaExpression, _ parameter: ScriptField, _ call: ScriptCall, _ path: String) {
        let known = inference.known(value)
        if known == .nil {
            if case .nil = value.kind, !parameter.isOptional { missing(parameter, call, at: value.at) }
            return
        }
        guard fits(known, value, parameter.type) else {
            var error = Refusals.value(call: call.path, parameter: path, kind: known.kind ?? "value", shown: shown(value))
            if let snapshot = known.snapshot {
                error.message = "\(call.path): \(parameter.name) is a \(snapshot), not \(parameter.type.words)"
            }
            return report(error, at: value.at)
        }
        content(of: value, parameter, call, path)
    }

    /// False only when the value is surely of another type.
    private func fits(_ known: Known, _ value: LuaExpression, _ type: ScriptType) -> Bool {
        guard let kind = known.kind else { return true }
        switch type {
        case .any: return true
        case .boolean: return kind == "boolean"
        case .number: return kind == "number"
        case .integer:
            if case .number(let number) = value.kind, number != number.rounded() { return false }
            return kind == "number"
        case .text, .eventName, .moduleName, .choice: return kind == "string"
        case .duration, .size: return kind == "string" || kind == "number"
        case .table, .list, .map, .options: return kind == "table"
        case .object(let name): return kind == "table" && (known.snapshot ?? name) == name
        case .named(let name): return kind == "string" || kind == "table" && (known.snapshot ?? name) == name
        case .handler: return kind == "function"
        case .either(let types): return types.contains { fits(known, value, $0) }
        }
    }

    private func shown(_ value: LuaExpression) -> String? {
        switch value.kind {
        case .text(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .true: "true"
        case .false: "false"
        default: nil
        }
    }

    /// What is written out: names of events and options, durations, sizes, choices.
    private func content(of value: LuaExpression, _ parameter: ScriptField, _ call: ScriptCall, _ path: String) {
        switch (parameter.type, value.kind) {
        case (.eventName, .text(let name)): event(name, call, at: value.at)
        case (.duration, .text(let text)) where (try? Quantity.milliseconds(text)) == nil,
            (.size, .text(let text)) where (try? Quantity.bytes(text)) == nil:
            report(Refusals.value(call: call.path, parameter: path, kind: "string", shown: text), at: value.at)
        case (.choice(let texts), .text(let text)) where !texts.contains(text):
            var error = Refusals.value(call: call.path, parameter: path, type: parameter.type, kind: "string", shown: text)
            error.hint = Refusals.nearest(text, texts, "choices")
            report(error, at: value.at)
        case (.options(let fields), .table(let items)): options(items, fields, call, path)
        case (.list(let type), .table(let items)):
            let item = ScriptField.field(path, type)
            for element in items { check(element.value, item, call, path) }
        default: break
        }
    }

    private func event(_ name: String, _ call: ScriptCall, at offset: Int) {
        if name.hasPrefix("user.") { return }
        if call.path == "events.emit" {
            return report(
                .error, at: offset, "scripts emit events whose names begin with \"user.\"", hint: "call it \"user.\(name)\"")
        }
        guard Schema.event(name) == nil else { return }
        let nearest = Spelling.nearest(name, Schema.eventList.map(\.name)).map { "did you mean \"\($0)\"?" }
        report(
            .error, at: offset, "there is no event \"\(name)\"",
            hint: nearest ?? "docs/events.md lists them; your own begin with \"user.\"")
    }

    private func options(_ items: [LuaItem], _ fields: [ScriptField], _ call: ScriptCall, _ path: String) {
        for item in items {
            switch item.key {
            case .position: report(Refusals.option(call: call.path, parameter: path, name: "1"), at: item.at)
            case .computed: break
            case .name(let name):
                guard let field = fields.first(where: { $0.name == name }) else {
                    report(Refusals.option(call: call.path, parameter: path, name: name), at: item.at)
                    continue
                }
                check(item.value, field, call, "\(path).\(name)")
            }
        }
    }

    // MARK: fleet.lua

    /// `host "node1" { … }`, `settings { … }`.
    func fleet(_ name: LuaName, _ suffixes: [LuaSuffix]) {
        guard let word = Schema.fleetWord(name.text) else { return }
        let index = word.hasName ? 1 : 0
        guard index < suffixes.count, case .call(let arguments) = suffixes[index].kind,
            case .table(let items)? = arguments.first?.kind, !word.keys.isEmpty
        else { return }
        keys(items, word.keys, word.name)
    }

    private func keys(_ items: [LuaItem], _ fields: [ScriptField], _ noun: String) {
        for item in items {
            switch item.key {
            case .position: report(.error, at: item.at, "\(noun) has a value without a key", hint: "write key = value")
            case .computed: break
            case .name(let name):
                guard let field = fields.first(where: { $0.name == name }) else {
                    report(
                        .error, at: item.at, "\(noun) has no key \"\(name)\"",
                        hint: Refusals.nearest(name, fields.map(\.name), "keys"))
                    continue
                }
                let known = inference.known(item.value)
                if case .options(let inner) = field.type, case .table(let items) = item.value.kind {
                    keys(items, inner, "\(noun).\(name)")
                } else if known != .nil, !fits(known, item.value, field.type) {
                    report(
                        .error, at: item.value.at, "\(noun).\(name) is not \(field.type.words)",
                        hint: field.type.example ?? field.doc)
                }
            }
        }
    }
}
