import MusterCore

// Runs: how they come to be, queue, and end.
extension Engine {
    /// Gives every active hook that listens for this event a run for it.
    mutating func startRuns(for event: Event, now: Now) {
        // The failure of a run that reacted to a failure starts nothing: two broken hooks would feed each other for ever.
        if event.data["reaction"] == true, event.name == "run.failed" { return }
        for hook in world.hooks.values.sorted(by: { $0.id < $1.id }) where hook.active && hook.cursor < event.id.rawValue {
            guard case .event(event.name) = hook.declaration.trigger else { continue }
            startRun(hook, event, now: now)
        }
    }

    mutating func startRun(_ hook: Hook, _ event: Event, now: Now) {
        var hook = hook
        hook.cursor = event.id.rawValue
        world.put(hook)
        let argument = eventValue(event)
        var run = newRun(
            hook: hook.id, key: key(of: event, by: hook.declaration.key), cause: .event(event.id), code: hook.code,
            argument: argument, now: now)
        run.servers = serversConcerned(event)
        enqueue(run)
    }

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
    private static let calls: Set<String> = ["server.wanted", "server.unwanted", "export.died"]

    mutating func newRun(hook: HookID, key: String, cause: Run.Cause, code: String, argument: Value, now: Now) -> Run {
        world.update { $0.lastRun = $0.lastRun.next }
        return Run(
            id: world.general.lastRun, hook: hook, key: key, cause: cause, code: code, status: .queued, at: now.wall,
            argument: argument, seed: Int64.random(in: 0...Int64.max, using: &random))
    }

    /// Starts a run, or lets it wait for the earlier ones of its hook and key, and for earlier reactions that answer for its servers:
    /// one that starts a server and one that stops it must not work at the same time.
    mutating func enqueue(_ run: Run) {
        world.put(run)
        startWaiting()
        needsReview = true
    }

    /// Starts the queued runs that no earlier run is in the way of.
    private mutating func startWaiting() {
        let live = world.runs.values.filter { $0.status != .asking }.sorted { $0.id < $1.id }
        for (index, run) in live.enumerated() where run.status == .queued {
            if live[..<index].contains(where: { Self.isInTheWay($0, of: run) }) { continue }
            if live[(index + 1)...].contains(where: { $0.status == .running && Self.isInTheWay($0, of: run) }) { continue }
            var next = run
            next.status = .running
            world.put(next)
            begin(next)
        }
    }

    private static func isInTheWay(_ earlier: Run, of run: Run) -> Bool {
        if earlier.hook == run.hook, earlier.key == run.key { return true }
        guard case .event = earlier.cause, case .event = run.cause else { return false }
        return earlier.servers.contains(where: run.servers.contains)
    }

    private mutating func begin(_ run: Run) {
        guard let bundle = world.code[run.code] else {
            finish(run.id, .failure(MusterError("code_missing", "the code of run \(run.id) is not in the store")), now: nil)
            return
        }
        let journal = (world.steps[run.id] ?? [:]).values.sorted { ($0.sequence ?? .max, $0.address) < ($1.sequence ?? .max, $1.address) }
        actions.append(.startRun(run, bundle, journal))
    }

    /// Starts again every run that was alive, from its journal. Call it once after loading, before the first tick.
    public mutating func resumeRuns(now: Now) {
        for run in world.runs.values.sorted(by: { $0.id < $1.id }) where run.status == .running {
            if case .prompt = run.cause {
                finish(run.id, .failure(MusterError(.cancelled, "the session ended with the engine that held it")), now: now)
            } else {
                begin(run)
            }
        }
        startWaiting()
        needsReview = true
    }

    /// A run's script came to its end.
    public mutating func runEnded(_ id: RunID, _ result: Result<Value, MusterError>, now: Now) {
        finish(id, result, now: now)
        review(now: now)
    }

    private mutating func finish(_ id: RunID, _ result: Result<Value, MusterError>, now: Now?) {
        guard var run = world.runs[id] else { return }
        run.finished = now?.wall ?? run.at
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
                case .asking: .asking
                default: .failed
                }
        }
        noteForServers(run)
        world.put(run)
        needsReview = true
        if let now, run.status == .failed || run.status == .diverged, let error = run.error {
            emit(
                "run.failed",
                data: [
                    "run": .int(id.rawValue), "hook": .string(run.hook.rawValue), "code": .string(error.code.rawValue),
                    "message": .string(error.message), "place": error.place.map { .string($0) } ?? .null,
                    "reaction": .bool(run.argument["name"] == "run.failed"),
                ], now: now)
        }
        startWaiting()
        if let now { run.servers.forEach { wantAgain($0, now: now) } }
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
            throw MusterError(.wrongState, "run \(id) is being cancelled already", hint: "its undo may take a while: muster runs show \(id)")
        }
        defer { review(now: now) }
        guard run.status == .running else {
            run.status = .cancelled
            run.finished = now.wall
            world.put(run)
            startWaiting()
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

    static let cancellation = MusterError(.cancelled, "the run was cancelled")

    /// The live run that answers for a server, if any.
    func responsibleRun(for server: ServerID) -> Run? {
        world.runs.values.filter { $0.status != .asking && $0.servers.contains(server) }.min { $0.id < $1.id }
    }
}

extension Engine {
    /// Starts runs again from their journals: what executed them was lost.
    public mutating func restartRuns(_ ids: [RunID]) {
        for id in ids.sorted() {
            if let run = world.runs[id], run.status == .running { begin(run) }
        }
    }
}
