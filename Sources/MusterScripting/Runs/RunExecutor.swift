import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// Executes runs: feeds each script its journal, asks the engine for the steps that are new, and tells it how the script ended.
public final class RunExecutor: RunHost, @unchecked Sendable {
    private let lock = NSLock()
    private var policies: [PolicyKey: Policy] = [:]
    private var active: [RunID: ActiveRun] = [:]
    /// Runs whose end the engine has not heard of yet.
    private var ending: Set<RunID> = []
    let engine: any EngineTurns
    let decider: Decider
    let place: PolicyPlace
    private let report: @Sendable (MusterError) -> Void

    /// - Parameter report: Told of a policy that hung in C code and was replaced.
    public init(engine: any EngineTurns, place: PolicyPlace = .threads, report: @escaping @Sendable (MusterError) -> Void) {
        self.engine = engine
        self.place = place
        self.report = report
        decider = Decider(place: place, report: report)
    }

    // MARK: Policies

    /// Whose isolate it is, and with what limits: a file whose limits changed gets another one beside the old.
    private struct PolicyKey: Hashable {
        var main: String
        var limits: PolicyLimits
    }

    /// The isolate of a hook file or script, made when it is first needed.
    func policy(_ main: String, _ limits: PolicyLimits) throws(MusterError) -> Policy {
        lock.lock()
        defer { lock.unlock() }
        let key = PolicyKey(main: main, limits: limits)
        if let known = policies[key] { return known }
        let policy = try Policy(limits: limits, place: place, onStuck: { [weak self] policy in self?.replaceStuck(policy, key) })
        for other in policies.keys where other.main == main { forgetUnused(other) }
        policies[key] = policy
        return policy
    }

    /// Lets go of the isolate with a file's earlier limits once no run is in it.
    private func forgetUnused(_ key: PolicyKey) {
        let policy = policies[key]
        if !active.values.contains(where: { $0.policy === policy }) { policies[key] = nil }
    }

    /// A policy that is stuck in C code delays only itself: its isolate is given up, and the runs that did not hang start again.
    private func replaceStuck(_ policy: Policy, _ key: PolicyKey) {
        let main = key.main
        lock.lock()
        if policies[key] === policy { policies[key] = nil }
        let others = active.values.filter { $0.policy === policy }.sorted { $0.run.id < $1.run.id }
        for run in others { active[run.run.id] = nil }
        lock.unlock()
        policy.isolate.abandon()
        report(
            MusterError(
                "stuck", "\(main) hung inside one call for seconds and was given up", hint: "look for a pattern that backtracks",
                place: main))
        let ids = others.map(\.run.id)
        engine.post { engine, now in
            engine.note("hook.stuck", data: ["file": .string(main), "restarted": .int(Int64(ids.count))], now: now)
            engine.restartRuns(ids, now: now)
        }
    }

    func forgetPolicy(_ main: String) { lock.withLock { policies = policies.filter { $0.key.main != main } } }

    // MARK: RunHost

    public func decide(_ question: Question, then answer: @escaping @Sendable (Decision) -> Void) { decider.decide(question, then: answer) }

    public func start(_ run: Run, code: CodeBundle, journal: [Step]) {
        if case .prompt = run.cause { return startPrompt(run) }
        do {
            let policy = try policy(Self.policyName(run, code.main), run.limits ?? PolicyLimits())
            let activeRun = ActiveRun(run: run, policy: policy, journal: journal)
            // One that executes already goes on.
            let isNew = lock.withLock {
                guard active[run.id] == nil else { return false }
                active[run.id] = activeRun
                return true
            }
            guard isNew else { return }
            policy.isolate.submit { [self] lua in
                // The isolate was given up while the run waited for its turn: it begins in the next one.
                guard let lua else { return restart(activeRun) }
                admit(activeRun, code, lua)
                makeRoom(policy, lua)
            }
        } catch {
            failed(toStart: run.id, error)
        }
    }

    private func restart(_ run: ActiveRun) {
        if forget(run) { restart(run.run.id) }
    }

    private func restart(_ id: RunID) {
        engine.post { engine, now in engine.restartRuns([id], now: now) }
    }

    public func resume(_ run: RunID, address: String, outcome: Step.Outcome) {
        let (known, isEnding) = lock.withLock { (active[run], ending.contains(run)) }
        guard let activeRun = known else {
            // It was put aside: its journal has the result by now.
            if !isEnding { restart(run) }
            return
        }
        activeRun.policy.isolate.submit { [self] lua in
            guard let lua else { return }
            // It was put aside while this waited for its turn.
            guard isCurrent(activeRun) else { return resume(run, address: address, outcome: outcome) }
            guard let branch = activeRun.waiting[address] else { return }
            deliver(outcome, to: branch, activeRun, lua)
            replay(activeRun, lua)
            activeRun.policy.admissions.noteBusy(activeRun, isOver: isOver)
            makeRoom(activeRun.policy, lua)
        }
    }

    public func drop(_ id: RunID) {
        guard let run = lock.withLock({ active.removeValue(forKey: id) }) else { return }
        run.policy.isolate.submit { [self] lua in
            guard let lua else { return }
            finishStrands(run, lua)
            makeRoom(run.policy, lua)
        }
    }

    public func dropAll() {
        let all = lock.withLock {
            defer {
                active = [:]
                ending = []
            }
            return active.values.sorted { $0.run.id < $1.run.id }
        }
        for run in all {
            run.policy.isolate.submit { [self] lua in
                if let lua { finishStrands(run, lua) }
                run.tell(.failure(MusterError(.storeFailed, "the engine had to load its store again", hint: "try again")))
            }
        }
        // They hold their policies, which hold them.
        for policy in lock.withLock({ Array(policies.values) }) { policy.isolate.submit { _ in policy.admissions = Admissions() } }
    }

    private func finishStrands(_ run: ActiveRun, _ lua: Lua) {
        // The branches first: a run ends with its main strand.
        for branch in run.root.tree.reversed() {
            if let strand = branch.strand { lua.finish(strand) }
            branch.strand = nil
        }
        run.waiting = [:]
    }

    // MARK: Executing

    func execute(_ run: ActiveRun, _ code: CodeBundle, _ lua: Lua) {
        do throws(MusterError) {
            let seed = UInt64(bitPattern: run.run.seed)
            let start: LuaStart
            if case .script = run.run.cause {
                start = lua.execute(try run.policy.chunk(code, in: lua), seed: seed)
            } else {
                let loaded = try run.policy.load(code, in: lua)
                guard let handler = loaded.handlers[run.run.hook] else {
                    throw MusterError(.notFound, "\(code.main) no longer has the hook \(run.run.hook)")
                }
                start = lua.dispatch(loaded.chunk, handler: handler, event: run.run.argument, seed: seed)
            }
            run.root.strand = start.strand
            proceed(run, start.outcome, lua)
        } catch {
            over(run, .failure(error))
        }
    }

    /// A run's main strand is over.
    func finished(_ run: ActiveRun, _ result: Result<[Value], MusterError>, _ lua: Lua) {
        if case .prompt = run.run.cause {
            run.tell(result)
            // A session whose isolate is lost cannot go on; the next line opens another.
            if lua.isStuck { over(run, .failure(MusterError(.cancelled, "the session hung and was given up"))) }
            return
        }
        over(run, result.map { $0.first ?? .null })
    }

    /// The journal has said all: what the script wants beyond it is not done.
    func endRehearsal(_ run: ActiveRun, _ lua: Lua) {
        guard forget(run) else { return }
        let calls = run.requests.map { "\($0.name)(\($0.arguments.map(\.json).joined(separator: ", ")))" }
        finishStrands(run, lua)
        run.tell(.wants(calls))
    }

    /// Ends a run whose script can not be followed any further.
    func drop(_ run: ActiveRun, _ lua: Lua, because error: MusterError) {
        finishStrands(run, lua)
        over(run, .failure(error))
    }

    /// Tells the engine that a run is over, unless the engine has dropped it.
    private func over(_ run: ActiveRun, _ result: Result<Value, MusterError>) {
        guard forget(run) else { return }
        if run.whenRehearsed != nil { return run.tell(.ended(result)) }
        if case .script = run.run.cause { forgetPolicy(Self.policyName(run.run, "")) }
        over(run.run.id, result)
    }

    private func over(_ id: RunID, _ result: Result<Value, MusterError>) {
        lock.withLock { _ = ending.insert(id) }
        engine.post { engine, now in
            engine.runEnded(id, result, now: now)
        } then: { [self] _ in
            lock.withLock { _ = ending.remove(id) }
        }
    }

    // MARK: Memory

    /// Begins a run, unless its policy's memory is short and others are under way that will give some back.
    private func admit(_ run: ActiveRun, _ code: CodeBundle, _ lua: Lua) {
        guard isCurrent(run) else { return }
        let policy = run.policy
        if lua.memory > policy.evictionThreshold { makeRoom(policy, lua) }
        guard policy.isShort(lua.memory), policy.admissions.hasBusy(isOver: isOver) else {
            execute(run, code, lua)
            return policy.admissions.begin(run, isOver: isOver)
        }
        policy.admissions.defer(run, code)
    }

    /// Puts the runs that only wait aside when their policy's memory is more than half full: each is replayed when its time comes.
    private func makeRoom(_ policy: Policy, _ lua: Lua) {
        if lua.memory > policy.evictionThreshold {
            let parked = policy.admissions.parked(isOver: isOver)
            for run in parked.prefix((parked.count + 1) / 2) where forget(run) { finishStrands(run, lua) }
            lua.collectGarbage()
            policy.collected(to: lua.memory)
        }
        guard policy.admissions.hasDeferred, !policy.isShort(lua.memory) || !policy.admissions.hasBusy(isOver: isOver),
            let (run, code) = policy.admissions.takeDeferred()
        else { return }
        // One by one, each in its turn: the next is looked at after it.
        policy.isolate.submit { [self] lua in
            guard let lua else { return restart(run) }
            admit(run, code, lua)
            makeRoom(policy, lua)
        }
    }

    private func isOver(_ run: ActiveRun) -> Bool { !isCurrent(run) }

    func over(prompt run: ActiveRun) { over(run, .success(.null)) }
    func failed(toStart id: RunID, _ error: MusterError) { over(id, .failure(error)) }

    func isCurrent(_ run: ActiveRun) -> Bool { lock.withLock { active[run.run.id] === run } }

    private func forget(_ run: ActiveRun) -> Bool {
        lock.withLock {
            guard active[run.run.id] === run else { return false }
            active[run.run.id] = nil
            return true
        }
    }

    /// A script of an operator's has an isolate for itself, which ends with it.
    private static func policyName(_ run: Run, _ main: String) -> String {
        if case .script = run.cause { "script \(run.id)" } else { main }
    }

    func activate(_ run: ActiveRun) { lock.withLock { active[run.run.id] = run } }
    func activeRun(_ id: RunID) -> ActiveRun? { lock.withLock { active[id] } }
}

extension Step.Outcome {
    var result: Result<[Value], MusterError> {
        switch self {
        case .value(let value): .success(value.isNull ? [] : [value])
        case .error(let error): .failure(error)
        }
    }
}
