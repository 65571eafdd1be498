import MusterCore

// What a policy is told by the fleet file, and what it keeps for its later runs.
extension Effects {
    static let memories: [(String, Effect)] = [
        ("policy", .query { engine, call in engine.world.general.settings.blocks?[try call.text(0, "a name")] ?? .null }),
        (
            "recall",
            .query { engine, call in
                let key = try call.text(0, "a key")
                return engine.remembering(call.run)?.memory?[key] ?? .null
            }
        ),
        (
            "remember",
            .change { engine, call in
                let key = try call.text(0, "a key")
                guard var hook = engine.remembering(call.run) else {
                    throw MusterError(
                        .wrongState, "remember is for hooks: nothing of this comes after it to recall it",
                        hint: "a script's variables last as long as it does")
                }
                var memory = hook.memory ?? [:]
                memory[key] = call.argument(1).isNull ? nil : call.argument(1)
                guard Value.object(memory).json.utf8.count <= mostMemory else {
                    throw MusterError(
                        .badArgument, "\(hook.id) cannot remember more than \(Quantity.people(bytes: Int64(mostMemory)))",
                        hint: "forget what is over: remember(key, nil)")
                }
                hook.memory = memory.isEmpty ? nil : memory
                if hook != engine.world.hooks[hook.id] { engine.world.put(hook) }
                return .null
            }
        ),
    ]

    /// Bytes that a hook may remember, as JSON: it is written with every change of the hook.
    private static let mostMemory = 64 << 10
}

extension Engine {
    /// The hook whose runs follow one another; nil for scripts and prompts.
    fileprivate func remembering(_ run: Run) -> Hook? {
        switch run.cause {
        case .event, .timer: world.hooks[run.hook]
        default: nil
        }
    }
}
