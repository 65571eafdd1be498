import MusterCore

extension Effects {
    /// The wall-clock millisecond at which a sleep or wait ends by itself; nil for a wait without timeout.
    static func deadline(of step: Step) -> Int64? {
        let index = step.name == "sleep" ? 0 : 1
        guard index < step.arguments.count else { return nil }
        let value = step.name == "sleep" ? step.arguments[0] : step.arguments[1]["timeout"]
        guard let length = try? EffectCall.milliseconds(value, of: step.name) else { return nil }
        return step.intended.milliseconds + length
    }

    /// Refuses a wait that could never end, or whose length makes no sense. Errors: `bad_argument`.
    static func check(_ call: EffectCall) throws {
        guard call.step.name == "sleep" else {
            _ = try call.text(0, "an event's name")
            _ = try call.milliseconds(call.argument(1)["timeout"], default: 0)
            return
        }
        _ = try EffectCall.milliseconds(call.argument(0), of: "sleep")
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
}
