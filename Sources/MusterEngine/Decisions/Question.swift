import MusterCore

/// A question to `decide` hooks, over a snapshot that no answer changes.
public struct Question: Sendable, Hashable {
    /// What is asked, by the name under which hooks register.
    public enum Name: String, Sendable, CaseIterable {
        /// What a machine without a claim boots.
        case boot
        /// How well each candidate suits a server.
        case place
    }

    /// A hook that is asked, with the code and the limits that its answer has.
    public struct Asked: Sendable, Hashable {
        public var hook: HookID
        public var code: CodeBundle
        public var limits: PolicyLimits
    }

    public var name: Name
    /// In the order of their names.
    public var hooks: [Asked]
    public var request: Value
}

/// What the hooks answered, each for itself.
public struct Decision: Sendable, Hashable {
    public struct Answer: Sendable, Hashable {
        public var hook: HookID
        /// Null for no opinion.
        public var result: Result<Value, MusterError>

        public init(hook: HookID, result: Result<Value, MusterError>) {
            self.hook = hook
            self.result = result
        }
    }

    public var answers: [Answer]
    public init(answers: [Answer] = []) { self.answers = answers }
}

extension Engine {
    /// The hooks that answer a question; nil when there is none, and the engine's own answer holds.
    func question(_ name: Question.Name, _ request: @autoclosure () -> Value) -> Question? {
        let asked = world.hooks.values.sorted { $0.id < $1.id }.compactMap { hook -> Question.Asked? in
            guard hook.active, hook.declaration.trigger == .question(name.rawValue), let code = world.code[hook.code] else { return nil }
            return Question.Asked(hook: hook.id, code: code, limits: world.general.settings.policies.limits(of: hook.declaration))
        }
        return asked.isEmpty ? nil : Question(name: name, hooks: asked, request: request())
    }

    /// Reports a hook whose answer is none, at most once a minute: a machine that asks in a loop must not fill the history.
    mutating func decideFailed(_ hook: HookID, _ name: Question.Name, _ error: MusterError, now: Now) {
        if let told = toldDecide[hook], now.monotonic - told < 60_000 { return }
        toldDecide[hook] = now.monotonic
        var data: Fields = [
            "hook": .string(hook.rawValue), "question": .string(name.rawValue), "code": .string(error.code.rawValue),
            "message": .string(error.message),
        ]
        data["place"] = error.place.map { .string($0) }
        data["hint"] = error.hint.map { .string($0) }
        emit("decide.failed", data: data, now: now)
    }
}
