import MusterCore
import MusterEngine

/// The engine's process under virtual time: the real engine with the loop's promises kept. What a turn changes is durable some virtual
/// milliseconds later, only then is it acted on and answered, and a crash loses what was not.
///
/// Used by one thread at a time, and so are all parts of a simulation.
public final class SimulatedEngine: EngineTurns, @unchecked Sendable {
    public let store: MemoryStore
    /// The engine's state: of the running process, or of the last one as it died.
    public private(set) var engine = Engine(Snapshot())
    public private(set) var isRunning = false
    /// How often the process was started.
    public private(set) var starts = 0
    /// Carries out operations: the machines.
    var perform: (Operation, @escaping (Result<OperationResult, MusterError>) -> Void) -> Void = { _, _ in }
    /// Told of each batch once it is durable, before anything acts on it.
    var committed: (Batch) -> Void = { _ in }
    /// Told of machines about which something changed: the answer to their next heartbeat may be another.
    var touched: (Touched) -> Void = { _ in }
    /// Told of what only the engine's log would say: a hook file that does not load, and its like.
    var report: (MusterError) -> Void = { _ in }

    private let agenda: Agenda
    private let makeHost: SimulatedHost.Maker
    private var random: SeededGenerator
    private var host: (any RunHost)?
    private var pending = Output()
    private var inFlight: Batch?
    private var failures = 0
    private var posted: [() -> Void] = []
    private var isTurning = false
    private var isStalled = false
    /// When the loop looked last, and when it looks next.
    private var ticked: Int64 = 0
    private var wake: Int64?

    /// What turns have produced and no commit has covered yet.
    private struct Output {
        var batch = Batch()
        var actions: [Action] = []
        var waiters: [(MusterError?) -> Void] = []
    }

    init(store: MemoryStore, agenda: Agenda, seed: UInt64, makeHost: @escaping SimulatedHost.Maker) {
        self.store = store
        self.agenda = agenda
        self.makeHost = makeHost
        random = SeededGenerator(seed: seed)
    }

    static let down = MusterError("engine_down", "the engine does not run")

    // MARK: The process

    /// Starts the process: loads the store, then the hooks, goes on with the runs, and applies its fleet file.
    func start(fleet: FleetDeclaration?) throws {
        guard !isRunning else { return }
        starts += 1
        isRunning = true
        // Machines that are well are not polled: the simulation tells what a poll would have seen.
        engine = Engine(store.snapshot, random: SeededGenerator(seed: random.next()), watching: Watching(pollsWellMachines: false))
        let host = try makeHost(self)
        self.host = host.runs
        loadHooks(host)
        turn { engine, now in engine.resumeRuns(now: now) }
        if let fleet {
            turn { engine, now in
                try engine.apply(fleet, now: now)
            } then: { [self] in
                if case .failure(let error) = $0 { report(error) }
            }
        }
        wake = nil
        tick()
    }

    /// Loads the hook files anew, as after a change of them or of the settings under which they are read.
    func loadHooks(_ host: SimulatedHost) {
        do {
            for file in try host.load(engine.world.general.settings.policies) {
                turn { engine, now in engine.loadHooks(file: file.code.main, code: file.code, file.hooks, now: now) }
            }
        } catch {
            report(MusterError(unexpected: error))
        }
    }

    /// Kills the process. What is being written at that moment is durable or not, as chance has it.
    func crash() {
        guard isRunning else { return }
        isRunning = false
        isStalled = false
        host?.dropAll()
        host = nil
        if let inFlight, Bool.random(using: &random) { write(inFlight) }
        inFlight = nil
        pending = Output()
        posted = []
    }

    private func write(_ batch: Batch) {
        guard (try? store.write(batch)) != nil else { return }
        committed(batch)
    }

    /// The loop's own clock: the loop sleeps until something can be due, and looks four times a second at most.
    private func scheduleTick() {
        guard isRunning, !isStalled, let deadline = engine.nextDeadline(now: agenda.now) else { return }
        let at = max(agenda.elapsed + (deadline - agenda.now.monotonic), ticked + 250)
        if let wake, wake <= at { return }
        wake = at
        let life = starts
        agenda.after(at - agenda.elapsed) { [weak self] in
            guard let self, isRunning, life == starts, wake == at else { return }
            wake = nil
            tick()
        }
    }

    private func tick() {
        guard !isStalled else { return }
        ticked = agenda.elapsed
        engine.slept(until: agenda.now.monotonic)
        turn { engine, now in engine.tick(now: now) }
    }

    // MARK: Turns

    /// One turn; `then` gets its answer once its changes are durable, or the error for which they never will be.
    func turn<Answer>(
        _ body: @escaping (inout Engine, Now) throws -> Answer, then: @escaping (Result<Answer, MusterError>) -> Void = { _ in }
    ) {
        guard isRunning else { return then(.failure(Self.down)) }
        let life = starts
        posted.append { [self] in
            engine.isStoreShort = store.isShort
            let answer: Result<Answer, MusterError>
            do { answer = .success(try body(&engine, agenda.now)) } catch { answer = .failure(MusterError(unexpected: error)) }
            let output = engine.drain()
            pending.batch.append(output.batch)
            pending.actions += output.actions
            guard pending.batch.isEmpty, inFlight == nil else {
                pending.waiters.append { error in then(error.map { .failure($0) } ?? answer) }
                return commit()
            }
            act(takePending().actions)
            then(life == starts && isRunning ? answer : .failure(Self.down))
        }
        takeTurns()
    }

    public func post(_ body: @escaping @Sendable (inout Engine, Now) -> Void, then done: @escaping @Sendable (MusterError?) -> Void) {
        turn(body) { result in if case .failure(let error) = result { done(error) } else { done(nil) } }
    }

    /// Turns are done one after the other: one that is asked for inside another waits until that is over.
    private func takeTurns() {
        guard !isTurning, !isStalled else { return }
        isTurning = true
        while !posted.isEmpty {
            let taken = posted
            posted = []
            for turn in taken { turn() }
        }
        isTurning = false
        if isRunning {
            touched(engine.takeTouched())
            scheduleTick()
        }
    }

    private func takePending() -> Output {
        defer { pending = Output() }
        return pending
    }

    // MARK: Commits

    private func commit() {
        guard inFlight == nil else { return }
        let output = takePending()
        let life = starts
        inFlight = output.batch
        agenda.after(Int64.random(in: 1...4, using: &random)) { [self] in
            guard isRunning, life == starts else { return }
            inFlight = nil
            do {
                try store.write(output.batch)
                failures = 0
                committed(output.batch)
                guard isRunning, life == starts else { return }
                act(output.actions)
                for waiter in output.waiters { waiter(nil) }
            } catch {
                recover(from: MusterError(unexpected: error), output, life)
            }
            if isRunning, life == starts, !pending.batch.isEmpty || !pending.waiters.isEmpty { commit() }
        }
    }

    /// After a failed commit memory may say what the store does not: it is dropped and loaded again, as the loop does.
    private func recover(from error: MusterError, _ output: Output, _ life: Int) {
        host?.dropAll()
        let lost = takePending()
        engine = Engine(store.snapshot, after: engine)
        for waiter in output.waiters + lost.waiters { waiter(error) }
        failures += 1
        agenda.after(failures > 1 ? min(5_000, 50 << Int64(min(failures, 7))) : 0) { [self] in
            guard isRunning, life == starts else { return }
            turn { engine, now in engine.resumeRuns(now: now) }
        }
    }

    private func act(_ actions: [Action]) {
        for action in actions where isRunning {
            switch action {
            case .perform(let id, let operation): perform(id, operation)
            case .startRun(let run, let code, let journal): host?.start(run, code: code, journal: journal)
            case .dropRun(let run): host?.drop(run)
            case .resumeRun(let run, let address, let outcome): host?.resume(run, address: address, outcome: outcome)
            case .readBacklog(let start):
                turn { [store] engine, now in engine.takeBacklog(after: start, try store.page(after: start, limit: 1_000), now: now) }
            }
        }
    }

    private func perform(_ id: OperationID, _ operation: Operation) {
        let life = starts
        let finish: (Result<OperationResult, MusterError>) -> Void = { [self] result in
            guard isRunning, life == starts else { return }
            turn { engine, now in engine.operationFinished(id, result, now: now) }
        }
        if case .decide(let question) = operation {
            guard let host else { return }
            host.decide(question, then: Confined(finish).decided)
        } else {
            perform(operation, finish)
        }
    }

    /// Asks the hooks of a question.
    func decide(_ question: Question, then: @escaping (Decision) -> Void) {
        guard let host else { return then(Decision()) }
        host.decide(
            question,
            then: Confined { result in
                then((try? result.get()).flatMap { if case .decision(let decision) = $0 { decision } else { nil } } ?? Decision())
            }.decided)
    }

    /// A function that is called by the simulation's one thread, whatever its type says.
    private struct Confined: @unchecked Sendable {
        let finish: (Result<OperationResult, MusterError>) -> Void
        init(_ finish: @escaping (Result<OperationResult, MusterError>) -> Void) { self.finish = finish }
        var decided: @Sendable (Decision) -> Void { { finish(.success(.decision($0))) } }
    }
}

extension SimulatedEngine {
    /// Its loop stands still for so long: nothing is heard and nothing done meanwhile, and what comes in waits.
    func stall(_ milliseconds: Int64) {
        guard isRunning, !isStalled else { return }
        let life = starts
        engine.slept(until: agenda.now.monotonic)
        isStalled = true
        agenda.after(milliseconds) { [self] in
            guard isRunning, life == starts else { return }
            isStalled = false
            // The gap that it sees is what it makes of its own doing nothing.
            ticked = agenda.elapsed
            turn { engine, now in engine.tick(now: now) }
        }
    }
}
