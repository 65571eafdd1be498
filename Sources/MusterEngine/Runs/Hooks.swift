import MusterCore

// Hooks: what is loaded, what is remembered of what was loaded, and the backlog.
extension Engine {
    /// Takes a hook file's declarations. New hooks start at now; known ones go on from their last event, with what happened while they were away.
    public mutating func loadHooks(file: String, code: CodeBundle, _ declarations: [HookDeclaration], now: Now) {
        world.put(code)
        for declaration in declarations {
            // A hook that listens for something else is a new one, whatever its name: it starts at now.
            let known = world.hooks[declaration.id].flatMap { $0.declaration.trigger.isSameKind(as: declaration.trigger) ? $0 : nil }
            var hook =
                known
                ?? Hook(
                    declaration: declaration, file: file, code: code.hash, cursor: world.general.lastEvent.rawValue)
            hook.declaration = declaration
            hook.code = code.hash
            hook.file = file
            hook.active = true
            hook.away = nil
            if known?.active == false, case .event = declaration.trigger { hook.isBehind = true }
            world.put(hook)
        }
        let declared = Set(declarations.map(\.id))
        for hook in world.hooks.values where hook.file == file && hook.active && !declared.contains(hook.id) {
            deactivate(hook, now: now)
        }
        world.forgetUnusedCode()
        readBacklog()
        // What a blocked server wants of people depends on which hooks there are.
        needsReview = true
        review(now: now)
    }

    /// Forgets nothing, but starts no new runs for a file's hooks until it is loaded again.
    public mutating func unloadHooks(file: String, now: Now) {
        for hook in world.hooks.values where hook.file == file && hook.active { deactivate(hook, now: now) }
        review(now: now)
    }

    private mutating func deactivate(_ hook: Hook, now: Now) {
        var hook = hook
        hook.active = false
        hook.away = now.wall
        // While it was active every event got its run: its backlog begins here.
        if case .event = hook.declaration.trigger, hook.isBehind != true { hook.cursor = world.general.lastEvent.rawValue }
        world.put(hook)
        needsReview = true
    }

    /// Gives due timers their runs. A tick that comes while the last one's run still goes is left out.
    mutating func fireTimers(now: Now) {
        if isStoreShort { return }
        for hook in world.hooks.values.sorted(by: { $0.id < $1.id }) where hook.active {
            guard case .timer(let interval) = hook.declaration.trigger, !rests(hook) else { continue }
            if hook.ticked == nil {
                var hook = hook
                hook.ticked = now.wall
                world.put(hook)
                continue
            }
            // A clock that was set back must not silence it until that time comes again.
            guard let last = hook.ticked, now.wall < last || isDue(hook.declaration, interval, since: last, now: now.wall),
                !hasTimerRun(hook)
            else { continue }
            var hook = hook
            hook.ticked = now.wall
            hook.cursor += 1
            world.put(hook)
            let argument: Value = [Value.typeKey: "tick", "number": .int(hook.cursor), "at": .int(now.wall.milliseconds)]
            enqueue(
                newRun(
                    hook: hook.id, key: "", cause: .timer(hook.cursor), code: hook.code, argument: argument,
                    declaration: hook.declaration, now: now), now: now)
        }
    }

    /// Whether a hook waits for `fleet.lua` to say something to its policy: nothing that happens meanwhile is for it.
    public func rests(_ hook: Hook) -> Bool { hook.declaration.policy.map { world.general.settings.blocks?[$0] == nil } ?? false }

    /// Whether the last tick's run still goes.
    func hasTimerRun(_ hook: Hook) -> Bool {
        (world.index.queues[RunIndex.Queue(hook: hook.id, key: "")] ?? []).contains { world.runs[$0]?.status != .asking }
    }

    /// When a timer that fired last at a time is due next: the first time for which `isDue` holds.
    static func due(_ declaration: HookDeclaration, _ interval: Int64, after last: Timestamp) -> Timestamp {
        guard let at = declaration.at else { return Timestamp(milliseconds: last.milliseconds + interval) }
        return Timestamp(milliseconds: at + ((last.milliseconds - at) / interval + 1) * interval)
    }

    /// Whether an interval is over, or a boundary between intervals was passed: a time of day that passed while the engine was down is
    /// made up for, once.
    private func isDue(_ declaration: HookDeclaration, _ interval: Int64, since last: Timestamp, now: Timestamp) -> Bool {
        guard let at = declaration.at else { return now.milliseconds - last.milliseconds >= interval }
        return (now.milliseconds - at) / interval > (last.milliseconds - at) / interval
    }

    /// Runs a script of an operator's as a run of its own.
    public mutating func runScript(_ code: CodeBundle, operatorName: String, now: Now) -> RunID {
        startAlone(code, cause: .script(operatorName: operatorName), now: now)
    }

    /// Opens a REPL session as a run of its own.
    public mutating func openPrompt(_ code: CodeBundle, operatorName: String, now: Now) -> RunID {
        startAlone(code, cause: .prompt(operatorName: operatorName), now: now)
    }

    private mutating func startAlone(_ code: CodeBundle, cause: Run.Cause, now: Now) -> RunID {
        world.put(code)
        let run = newRun(
            hook: HookID(code.main), key: "run-\(world.general.lastRun.next)", cause: cause, code: code.hash, argument: .null,
            declaration: nil,
            now: now)
        enqueue(run, now: now)
        return run.id
    }
}

extension HookDeclaration.Trigger {
    /// Whether a hook may go on from where the other was: a timer whose interval changed is still the same timer.
    fileprivate func isSameKind(as other: Self) -> Bool {
        switch (self, other) {
        case (.event(let one), .event(let another)): one == another
        case (.timer, .timer): true
        case (.question(let one), .question(let another)): one == another
        default: false
        }
    }
}
