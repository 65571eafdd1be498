import MusterCore

// Hooks: what is loaded, what is remembered of what was loaded, and the backlog.
extension Engine {
    /// Takes a hook file's declarations. New hooks start at now; known ones go on from their last event, those of the backlog first.
    public mutating func loadHooks(file: String, code: CodeBundle, _ declarations: [HookDeclaration], backlog: [Event], now: Now) {
        world.put(code)
        for declaration in declarations {
            let known = world.hooks[declaration.id]
            var hook = known ?? Hook(
                declaration: declaration, file: file, code: code.hash, cursor: world.general.lastEvent.rawValue)
            hook.declaration = declaration
            hook.code = code.hash
            hook.file = file
            hook.active = true
            world.put(hook)
            if known != nil { catchUp(hook, backlog, now: now) }
        }
        let declared = Set(declarations.map(\.id))
        for hook in world.hooks.values where hook.file == file && hook.active && !declared.contains(hook.id) {
            deactivate(hook)
        }
        world.forgetUnusedCode()
        review(now: now)
    }

    /// Forgets nothing, but starts no new runs for a file's hooks until it is loaded again.
    public mutating func unloadHooks(file: String, now: Now) {
        for hook in world.hooks.values where hook.file == file && hook.active { deactivate(hook) }
        review(now: now)
    }

    private mutating func deactivate(_ hook: Hook) {
        var hook = hook
        hook.active = false
        world.put(hook)
        needsReview = true
    }

    private mutating func catchUp(_ hook: Hook, _ backlog: [Event], now: Now) {
        for event in backlog where event.id.rawValue > hook.cursor {
            guard case .event(event.name) = hook.declaration.trigger, let current = world.hooks[hook.id] else { continue }
            startRun(current, event, now: now)
        }
    }

    /// The event after which some hook may have a backlog.
    public var backlogStart: EventID {
        EventID(world.hooks.values.map(\.cursor).min() ?? world.general.lastEvent.rawValue)
    }

    /// Gives due timers their runs. A tick that comes while the last one's run still goes is left out.
    mutating func fireTimers(now: Now) {
        for hook in world.hooks.values.sorted(by: { $0.id < $1.id }) where hook.active {
            guard case .timer(let interval) = hook.declaration.trigger else { continue }
            if hook.ticked == nil {
                var hook = hook
                hook.ticked = now.wall
                world.put(hook)
                continue
            }
            guard let last = hook.ticked, now.wall.milliseconds - last.milliseconds >= interval,
                !world.runs.values.contains(where: { $0.hook == hook.id })
            else { continue }
            var hook = hook
            hook.ticked = now.wall
            hook.cursor += 1
            world.put(hook)
            let argument: Value = [Value.typeKey: "tick", "number": .int(hook.cursor), "at": .int(now.wall.milliseconds)]
            enqueue(
                newRun(hook: hook.id, key: "", cause: .timer(hook.cursor), code: hook.code, argument: argument, now: now))
        }
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
            now: now)
        enqueue(run)
        return run.id
    }
}
