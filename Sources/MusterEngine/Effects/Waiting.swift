import MusterCore

// Calls that wait for time, events, answers and machines.
extension Effects {
    static let waitCalls: [(String, Effect)] = [
        (
            "sleep",
            .wait { _, call in
                _ = try EffectCall.milliseconds(call.argument(0), of: "sleep")
                return nil
            }
        ),
        (
            "wait_for",
            .wait { _, call in
                _ = try call.text(0, "an event's name")
                _ = try call.milliseconds(call.argument(1)["timeout"], default: 0)
                return nil
            }
        ),
        (
            "ask",
            .wait { engine, call in
                let question = try call.text(0, "a question")
                _ = try call.milliseconds(call.argument(1)["timeout"], default: 0)
                if !call.isInDoubt { engine.tellAsking(call.run.id, call.step, question, now: call.now) }
                return nil
            }
        ),
        (
            "reserve",
            .wait(needs: .power) { engine, call in
                let names = reservedNames(call.step)
                guard !names.isEmpty else {
                    throw MusterError(.badArgument, "reserve wants a list of resources", hint: "reserve({ machine }, { timeout = \"1m\" })")
                }
                for name in names where engine.world.resources[name] == nil { throw engine.unknownResource(name.rawValue) }
                _ = try call.milliseconds(call.argument(1)["timeout"], default: 0)
                return engine.takeReservation(call.step, run: call.run.id, now: call.now) ? true : nil
            }
        ),
    ]

    /// The wall-clock millisecond at which a wait ends by itself; nil for one without timeout.
    static func deadline(of step: Step) -> Int64? {
        let index = step.name == "sleep" ? 0 : 1
        guard index < step.arguments.count else { return nil }
        let value = step.name == "sleep" ? step.arguments[0] : step.arguments[1]["timeout"]
        guard !value.isNull, let length = try? EffectCall.milliseconds(value, of: step.name) else { return nil }
        return step.intended.milliseconds + length
    }

    /// Whether an event is what a `wait_for(name, { resource = …, server = … })` waits for.
    static func matches(_ step: Step, _ event: Event) -> Bool {
        guard step.arguments.first?.string == event.name else { return false }
        let options = step.arguments.count > 1 ? step.arguments[1] : .null
        func fits(_ wanted: Value, _ name: String?) -> Bool {
            guard let wanted = wanted.string ?? wanted["name"].string else { return true }
            return wanted == name
        }
        return fits(options["resource"], event.resource?.rawValue) && fits(options["server"], event.server?.rawValue)
    }

    /// The machines of a `reserve`, each once, in the order of their names.
    static func reservedNames(_ step: Step) -> [ResourceID] {
        let list = step.arguments.first?.array ?? []
        return Set(list.compactMap { ($0.string ?? $0["name"].string).map { ResourceID($0) } }).sorted()
    }

    static func reservePriority(_ step: Step) -> Int64 { step.arguments.count > 1 ? step.arguments[1]["priority"].int ?? 0 : 0 }
}

extension Effect {
    static func wait(
        needs: Capability? = nil, _ begin: @escaping @Sendable (inout Engine, EffectCall) throws -> Value?
    ) -> Effect {
        Effect(inDoubt: .repeat, kind: .wait(begin), needs: needs)
    }
}
