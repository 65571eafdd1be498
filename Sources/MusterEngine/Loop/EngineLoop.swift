import MusterCore
import Synchronization

/// The one serial loop: turns of the engine go in, batches become durable in groups, and only then are answers given and actions taken.
public actor EngineLoop: EngineTurns {
    public nonisolated let store: any Store
    /// Where heartbeats end that tell the engine nothing new.
    public nonisolated let heartbeats = HeartbeatListener()
    private let time: any TimeSource
    private var engine: Engine
    private var host: (any RunHost)?
    private let drivers: Drivers
    private var pending = Output()
    private var committing = false
    /// Commits that failed since the last one that did not.
    private var failures = 0
    /// Why this engine may do nothing any more: another one has begun a newer term.
    private var ended: MusterError?
    private var observers: [Int: @Sendable ([Event]) -> Void] = [:]
    private var nextObserver = 0
    /// Turns that were posted and not begun, in order.
    private let posted = Mutex<[Posted]>([])

    private struct Posted: Sendable {
        var body: @Sendable (inout Engine, Now) -> Void
        var done: @Sendable (MusterError?) -> Void
    }

    /// What turns have produced and no commit has covered yet.
    private struct Output {
        var batch = Batch()
        var actions: [Action] = []
        /// Whom to tell once it is durable, or why it never will be.
        var waiters: [@Sendable ((any Error)?) -> Void] = []
    }

    /// Loads the engine from its store.
    public init(store: any Store, drivers: Drivers, time: any TimeSource = SystemTime()) async throws {
        self.store = store
        self.drivers = drivers
        self.time = time
        engine = Engine(try await store.load(), watching: Watching(heartbeats: heartbeats))
    }

    /// Connects the scripting side. Call it before `resumeRuns`.
    public func connect(_ host: any RunHost) { self.host = host }

    /// One turn: `body` runs alone, its changes are durable when this returns, and its answer is given only then. An error that `body`
    /// throws comes out after the turn's changes are durable; a failed commit throws the store's error, and the turn never happened.
    public func turn<Answer: Sendable>(_ body: @Sendable (inout Engine, Now) throws -> Answer) async throws -> Answer {
        if let ended { throw ended }
        let answer = begin(body)
        try await becomeDurable()
        return try answer.get()
    }

    /// A heartbeat. What the tracker knows it answers at once; any other is a turn, from which it learns.
    public nonisolated func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        if heartbeats.beat(heartbeat, at: time.now().monotonic) { return .ok }
        return try await beat(heartbeat)
    }

    private func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        if let ended { throw ended }
        let turn = begin { engine, now in
            (answer: engine.heartbeat(heartbeat, now: now), id: engine.world.resource(mac: heartbeat.mac)?.id, at: now.monotonic)
        }
        let ticket = heartbeats.ticket
        try await becomeDurable()
        let (answer, id, at) = try turn.get()
        if answer == .ok, let id { heartbeats.learn(heartbeat, of: id, at: at, ticket) }
        return answer
    }

    private func becomeDurable() async throws {
        if isDurable { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            wait { error in if let error { continuation.resume(throwing: error) } else { continuation.resume() } }
        }
    }

    public nonisolated func post(
        _ body: @escaping @Sendable (inout Engine, Now) -> Void, then done: @escaping @Sendable (MusterError?) -> Void
    ) {
        let isFirst = posted.withLock { posted in
            posted.append(Posted(body: body, done: done))
            return posted.count == 1
        }
        if isFirst { Task { await takePosted() } }
    }

    private func takePosted() {
        let taken = posted.withLock { posted in
            defer { posted = [] }
            return posted
        }
        for turn in taken {
            if let ended {
                turn.done(ended)
                continue
            }
            begin(turn.body)
            if isDurable { turn.done(nil) } else { wait { error in turn.done(error.map(MusterError.init(unexpected:))) } }
        }
    }

    /// The part of a turn that changes memory.
    @discardableResult
    private func begin<Answer>(_ body: (inout Engine, Now) throws -> Answer) -> Result<Answer, any Error> {
        engine.isStoreShort = store.isShort
        let answer = Result { try body(&engine, time.now()) }
        let output = engine.drain()
        pending.batch.append(output.batch)
        pending.actions += output.actions
        heartbeats.forget(engine.takeTouched()) { engine.world.resources[$0] == nil }
        if isDurable { perform(takePending().actions) }
        return answer
    }

    /// Whether all that the turns so far have changed is durable.
    private var isDurable: Bool { pending.batch.isEmpty && !committing }

    private func wait(_ waiter: @escaping @Sendable ((any Error)?) -> Void) {
        pending.waiters.append(waiter)
        if !committing { startCommitting() }
    }

    /// Asks the hooks of a question; without a scripting side nobody answers.
    func decide(_ question: Question) async -> Decision {
        guard let host else { return Decision() }
        return await withCheckedContinuation { continuation in host.decide(question) { continuation.resume(returning: $0) } }
    }

    /// Calls `observer` with the events of each batch once they are durable, until `stopObserving`.
    public func observe(_ observer: @escaping @Sendable ([Event]) -> Void) -> Int {
        nextObserver += 1
        observers[nextObserver] = observer
        return nextObserver
    }

    public func stopObserving(_ number: Int) { observers[number] = nil }

    private func takePending() -> Output {
        defer { pending = Output() }
        return pending
    }

    private func startCommitting() {
        committing = true
        Task { await commitPending() }
    }

    /// Group commit: whatever came in while the last batch was written goes into the next one.
    private func commitPending() async {
        while !pending.batch.isEmpty || !pending.waiters.isEmpty {
            let output = takePending()
            do {
                if !output.batch.isEmpty {
                    try await store.commit(output.batch.coalesced())
                    failures = 0
                }
                perform(output.actions)
                if !output.batch.events.isEmpty { observers.values.forEach { $0(output.batch.events) } }
                output.waiters.forEach { $0(nil) }
            } catch {
                await recover(from: error, output)
            }
        }
        committing = false
    }

    /// After a failed commit memory may say what the store does not: drop it and load again.
    private func recover(from error: any Error, _ output: Output) async {
        host?.dropAll()
        heartbeats.forgetAll()
        if let error = error as? MusterError, error.code == .storeTerm { return end(error, output) }
        // A store that keeps failing must not be loaded again and again without a pause.
        failures += 1
        if failures > 1 { try? await Task.sleep(for: .milliseconds(min(5_000, 50 << min(failures, 7)))) }
        while true {
            do {
                let snapshot = try await store.load()
                let lost = takePending()
                engine = Engine(snapshot, after: engine)
                heartbeats.forgetAll()
                engine.resumeRuns(now: time.now())
                let resumed = engine.drain()
                pending.batch.append(resumed.batch)
                pending.actions += resumed.actions
                (output.waiters + lost.waiters).forEach { $0(error) }
                return
            } catch {
                // The store cannot even be read: nothing may happen until it can.
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func end(_ error: MusterError, _ output: Output) {
        ended = error
        heartbeats.forgetAll()
        let lost = takePending()
        (output.waiters + lost.waiters).forEach { $0(error) }
    }

    private func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .perform(let id, let operation): start(id, operation)
            case .startRun(let run, let code, let journal): host?.start(run, code: code, journal: journal)
            case .dropRun(let run): host?.drop(run)
            case .readBacklog(let start): readBacklog(after: start)
            case .resumeRun(let run, let address, let outcome): host?.resume(run, address: address, outcome: outcome)
            }
        }
    }

    private func readBacklog(after start: EventID) {
        Task {
            // A history that cannot be read is asked for again, as long as a hook is behind.
            while true {
                if let page = try? await store.events(after: start, limit: 1_000) {
                    _ = try? await self.turn { engine, now in engine.takeBacklog(after: start, page, now: now) }
                    return
                }
                if ended != nil { return }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func start(_ id: OperationID, _ operation: Operation) {
        let drivers = drivers
        Task {
            let result: Result<OperationResult, MusterError>
            do {
                if case .decide(let question) = operation {
                    result = .success(.decision(await self.decide(question)))
                } else {
                    result = .success(try await drivers.perform(operation))
                }
            } catch let error as MusterError {
                result = .failure(error)
            } catch {
                result = .failure(MusterError(unexpected: error))
            }
            await self.report(id, result)
        }
    }

    /// A driver's result is kept until the store takes it: after a failed commit the operation itself is unknown to the new engine, and
    /// the run's step asks for it again.
    private func report(_ id: OperationID, _ result: Result<OperationResult, MusterError>) async {
        _ = try? await turn { engine, now in engine.operationFinished(id, result, now: now) }
    }
}
