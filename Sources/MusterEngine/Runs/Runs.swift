import MusterCore

// Runs: how they come to be, queue, and end.
extension Engine {
    /// Gives every active hook that listens for this event a run for it.
    mutating func startRuns(for event: Event, now: Now) {
        if isFailureOfReaction(event) { return }
        for hook in world.hooks.values.sorted(by: { $0.id < $1.id }) where hook.active && hook.cursor < event.id.rawValue {
            guard case .event(event.name) = hook.declaration.trigger, hook.isBehind != true, !rests(hook) else { continue }
            if isFull(hook) { fallBehind(hook) } else { startRun(hook, event, now: now) }
        }
    }

    /// The failure of a run that reacted to a failure starts nothing: two broken hooks would feed each other for ever.
    func isFailureOfReaction(_ event: Event) -> Bool { event.data["reaction"] == true && event.name == "run.failed" }

    mutating func startRun(_ hook: Hook, _ event: Event, now: Now) {
        var hook = hook
        hook.cursor = event.id.rawValue
        world.put(hook)
        let argument = eventValue(event)
        var run = newRun(
            hook: hook.id, key: key(of: event, by: hook.declaration.key), cause: .event(event.id), code: hook.code,
            argument: argument, declaration: hook.declaration, now: now)
        if mayAct(run) { run.servers = serversConcerned(event) }
        enqueue(run, now: now)
    }

    /// Whether a run could do something about a server: one that only tells of it answers for nothing.
    private func mayAct(_ run: Run) -> Bool { run.needs.map { $0.contains(.power) || $0.contains(.storage) } ?? true }

    private func key(of event: Event, by field: String?) -> String {
        switch field {
        case "resource": event.resource?.rawValue ?? ""
        case "server": event.server?.rawValue ?? ""
        case .some(let name): event.data[name]?.string ?? ""
        case nil: event.resource?.rawValue ?? event.server?.rawValue ?? ""
        }
    }

    /// The servers that a reaction to this event answers for. A hook that only tells of other events takes nothing on.
    private func serversConcerned(_ event: Event) -> [ServerID] {
        if let server = event.server { return Self.calls.contains(event.name) ? [server] : [] }
        guard event.name == "resource.failed", let resource = event.resource, let claim = world.aliveClaim(on: resource) else {
            return []
        }
        return [claim.server]
    }

    /// The events that call for something to be done about their server.
    private static let calls: Set<String> = ["server.wanted", "server.unwanted", "server.move", "export.died"]

    /// - Parameter declaration: The hook's, whose rights the run keeps to its end; nil for an operator's own.
    mutating func newRun(
        hook: HookID, key: String, cause: Run.Cause, code: String, argument: Value, declaration: HookDeclaration?, now: Now
    ) -> Run {
        world.update { $0.lastRun = $0.lastRun.next }
        var run = Run(
            id: world.general.lastRun, hook: hook, key: key, cause: cause, code: code, status: .queued, at: now.wall,
            argument: argument, seed: Int64.random(in: 0...Int64.max, using: &random))
        run.needs = declaration?.needs
        run.limits = world.general.settings.policies.limits(of: declaration)
        return run
    }

    mutating func begin(_ run: Run, now: Now) {
        guard let bundle = world.code[run.code] else {
            finish(run.id, .failure(MusterError("code_missing", "the code of run \(run.id) is not in the store")), now: now)
            return
        }
        let journal = (world.steps[run.id] ?? [:]).values.sorted { ($0.sequence ?? .max, $0.address) < ($1.sequence ?? .max, $1.address) }
        actions.append(.startRun(run, bundle, journal))
    }

    /// Starts again every run that was alive, from its journal, and every fence that an operator ordered. Call it once after loading, before the first tick. Runs that only wait
    /// stay in the store until what they wait for comes.
    public mutating func resumeRuns(now: Now) {
        for run in world.runs.values.sorted(by: { $0.id < $1.id }) {
            if run.status == .queued {
                tryStart(run.id, now: now)
            } else if case .prompt = run.cause, run.status == .running {
                finish(run.id, .failure(MusterError(.cancelled, "the session ended with the engine that held it")), now: now)
            } else if run.status == .running, run.cancel == .ordered || !onlyWaits(run), !Mutation.runForgotten.isActive {
                begin(run, now: now)
            }
        }
        resumeFenceOrders(now: now)
        readBacklog()
        needsReview = true
    }

    private func onlyWaits(_ run: Run) -> Bool {
        let open = world.openSteps[run.id] ?? [:]
        return !open.isEmpty && open.values.allSatisfy { Effects.waits.contains($0.name) }
    }

    /// A run's script came to its end.
    public mutating func runEnded(_ id: RunID, _ result: Result<Value, MusterError>, now: Now) {
        finish(id, result, now: now)
        review(now: now)
    }

    mutating func finish(_ id: RunID, _ result: Result<Value, MusterError>, now: Now) {
        guard var run = world.runs[id] else { return }
        run.finished = now.wall
        switch result {
        case .success(let value):
            run.status = .done
            run.result = value
        case .failure(let error):
            run.error = error
            run.status =
                switch error.code {
                case .cancelled: .cancelled
                case .diverged: .diverged
                default: .failed
                }
        }
        noteForServers(run)
        world.put(run)
        // Whoever went first for a machine may be through.
        if !run.servers.isEmpty, !world.starving.isEmpty { world.gaveBack(world.free.ordered.map(\.id)) }
        if let reserved = run.reserved { world.gaveBack(reserved.resources) }
        needsReview = true
        let next = successor(of: run, now: now)
        if run.status == .failed || run.status == .diverged, let error = run.error { tellFailure(run, error, next: next, now: now) }
        if let next { enqueue(next, now: now) }
        startAfter(run, now: now)
        grantReservations(now: now)
        run.servers.forEach { wantAgain($0, now: now) }
    }

    private mutating func tellFailure(_ run: Run, _ error: MusterError, next: Run?, now: Now) {
        var data: Fields = [
            "run": .int(run.id.rawValue), "hook": .string(run.hook.rawValue), "code": .string(error.code.rawValue),
            "message": .string(error.message), "place": error.place.map { .string($0) } ?? .null,
            "reaction": .bool(run.argument["name"] == "run.failed"),
        ]
        if let next { data["again"] = ["run": .int(next.id.rawValue), "at": .int((next.notBefore ?? now.wall).milliseconds)] }
        emit("run.failed", data: data, now: now)
    }

    /// The run that goes on for one that is over: with the state that it left, or as another try.
    private mutating func successor(of run: Run, now: Now) -> Run? {
        let hook = world.hooks[run.hook]
        let isContinued = run.status == .done && run.continuation != nil
        let retry = run.status == .failed ? hook?.declaration.retry : nil
        guard isContinued || retry.map({ (run.attempt ?? 1) <= $0.times }) == true else { return nil }
        // Another try is a try of the same code; what goes on without end takes up new code, and what that declares.
        let newer = isContinued && hook?.active == true ? hook : nil
        var next = newRun(
            hook: run.hook, key: run.key, cause: run.cause, code: newer?.code ?? run.code, argument: run.argument,
            declaration: newer?.declaration, now: now)
        if newer == nil { (next.needs, next.limits) = (run.needs, run.limits) }
        next.servers = run.servers
        if isContinued, var argument = run.argument.object {
            argument["state"] = run.continuation
            next.argument = .object(argument)
        } else if let retry {
            next.attempt = (run.attempt ?? 1) + 1
            next.notBefore = Timestamp(milliseconds: now.wall.milliseconds + retry.delay(after: run.attempt ?? 1))
        }
        return next
    }

    /// What a failed run leaves behind for the servers it answered for.
    private mutating func noteForServers(_ run: Run) {
        for id in run.servers {
            guard var server = world.servers[id] else { continue }
            server.lastError = run.error
            world.put(server)
        }
    }

    /// Ends a run at an operator's word: its script gets a `cancelled` error at its next step, so that its undo can run.
    public mutating func cancelRun(_ id: RunID, now: Now) throws {
        guard var run = world.runs[id] else {
            throw MusterError(.notFound, "run \(id) is not alive", hint: "muster runs lists them")
        }
        guard run.cancel == nil else {
            throw MusterError(
                .wrongState, "run \(id) is being cancelled already", hint: "its undo may take a while: muster runs show \(id)")
        }
        defer { review(now: now) }
        guard run.status == .running else {
            run.status = .cancelled
            run.finished = now.wall
            world.put(run)
            startAfter(run, now: now)
            return
        }
        let open = (world.openSteps[id] ?? [:]).keys.sorted()
        if case .prompt = run.cause {
            if open.isEmpty {
                throw MusterError(.wrongState, "run \(id) is a session that executes nothing now", hint: "end the session itself")
            }
        } else {
            run.cancel = open.isEmpty ? .ordered : .raised
            world.put(run)
        }
        for address in open { complete(id, address, .error(Engine.cancellation), now: now) }
    }

    public static let cancellation = MusterError(.cancelled, "the run was cancelled")

    /// The live run that answers for a server, if any.
    func responsibleRun(for server: ServerID) -> Run? {
        (world.index.byServer[server] ?? []).compactMap { world.runs[$0] }.filter { $0.status != .asking }.min { $0.id < $1.id }
    }
}

extension Engine {
    /// Starts runs again from their journals: what executed them was lost, or had put them aside.
    public mutating func restartRuns(_ ids: [RunID], now: Now) {
        for id in ids.sorted() {
            if let run = world.runs[id], run.status == .running { begin(run, now: now) }
        }
    }
}
