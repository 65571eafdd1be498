import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// Executes runs: feeds each script its journal, asks the engine for the steps that are new, and tells it how the script ended.
public final class RunExecutor: RunHost, @unchecked Sendable {
    private let lock = NSLock()
    private var policies: [String: Policy] = [:]
    private var active: [RunID: ActiveRun] = [:]
    private let loop: EngineLoop
    private let report: @Sendable (MusterError) -> Void

    /// - Parameter report: Told of a policy that hung in C code and was replaced.
    public init(loop: EngineLoop, report: @escaping @Sendable (MusterError) -> Void) {
        self.loop = loop
        self.report = report
    }

    // MARK: Policies

    /// The isolate of a hook file or script, made when it is first needed.
    func policy(_ main: String) throws(MusterError) -> Policy {
        lock.lock()
        defer { lock.unlock() }
        if let known = policies[main] { return known }
        let policy = try Policy(onStuck: { [weak self] in self?.replaceStuck(main) })
        policies[main] = policy
        return policy
    }

    /// A policy that is stuck in C code delays only itself: its isolate is given up, and the runs that did not hang start again.
    private func replaceStuck(_ main: String) {
        lock.lock()
        let policy = policies.removeValue(forKey: main)
        let others = active.values.filter { $0.policy === policy && $0.waiting != nil }
        for run in others { active[run.run.id] = nil }
        lock.unlock()
        policy?.isolate.abandon()
        report(MusterError("stuck", "\(main) hung inside one call for seconds and was given up", hint: "look for a pattern that backtracks", place: main))
        let ids = others.map(\.run.id)
        Task { [loop] in try? await loop.turn { engine, _ in engine.restartRuns(ids) } }
    }

    func forgetPolicy(_ main: String) { lock.withLock { policies[main] = nil } }

    // MARK: RunHost

    public func start(_ run: Run, code: CodeBundle, journal: [Step]) {
        if case .prompt = run.cause { return startPrompt(run) }
        do {
            let policy = try policy(Self.policyName(run, code.main))
            let activeRun = ActiveRun(run: run, policy: policy, journal: journal)
            lock.withLock { active[run.id] = activeRun }
            policy.isolate.submit { [self] lua in
                // The isolate was given up while the run waited for its turn: it begins in the next one.
                guard let lua else { return restart(activeRun) }
                execute(activeRun, code, lua)
            }
        } catch {
            failed(toStart: run.id, error)
        }
    }

    private func restart(_ run: ActiveRun) {
        guard forget(run) else { return }
        let id = run.run.id
        Task { [loop] in try? await loop.turn { engine, _ in engine.restartRuns([id]) } }
    }

    public func resume(_ run: RunID, address: String, outcome: Step.Outcome) {
        guard let activeRun = lock.withLock({ active[run] }) else { return }
        activeRun.policy.isolate.submit { [self] lua in
            guard let lua, activeRun.waiting == address, let strand = activeRun.strand else { return }
            activeRun.waiting = nil
            proceed(activeRun, answer(activeRun, strand, outcome, lua), lua)
        }
    }

    public func dropAll() {
        let all = lock.withLock {
            defer { active = [:] }
            return Array(active.values)
        }
        for run in all {
            run.policy.isolate.submit { lua in
                run.waiting = nil
                if let lua, let strand = run.strand { lua.finish(strand) }
                run.strand = nil
                run.tell(.failure(MusterError(.storeFailed, "the engine had to load its store again", hint: "try again")))
            }
        }
    }

    // MARK: Executing

    private func execute(_ run: ActiveRun, _ code: CodeBundle, _ lua: Lua) {
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
            run.strand = start.strand
            proceed(run, start.outcome, lua)
        } catch {
            over(run, .failure(error))
        }
    }

    /// Goes on until the script waits for the engine or is over.
    func proceed(_ run: ActiveRun, _ first: LuaOutcome, _ lua: Lua) {
        var outcome = first
        // A run that was dropped meanwhile executes anew elsewhere: this one must not be heard of again.
        while isCurrent(run) {
            switch outcome {
            case .returned(let values): return end(run, .success(values), lua)
            case .failed(let error): return end(run, .failure(error), lua)
            case .yielded(let name, let given):
                guard let strand = run.strand else { return }
                let address = run.nextAddress()
                let arguments: [Value]
                do throws(MusterError) {
                    arguments = try Value.array(given).storable().array ?? []
                } catch {
                    outcome = lua.resume(strand, with: .failure(error))
                    continue
                }
                if name == "log", let text = arguments.first?.string { run.whenLogged?(text) }
                guard let recorded = run.journal[address] else { return ask(run, address, name, arguments) }
                if recorded.name == name, recorded.arguments == arguments {
                    guard let result = recorded.outcome else { return ask(run, address, name, arguments) }
                    outcome = answer(run, strand, result, lua)
                } else {
                    outcome = answer(run, strand, .error(Engine.divergence(recorded, name, arguments)), lua)
                }
            }
        }
    }

    /// Errors that unwind a run, so that its `<close>` handlers run, and that no `pcall` catches.
    private static let uncatchable: Set<MusterError.Code> = [.cancelled, .diverged, .stepLimit]

    private func answer(_ run: ActiveRun, _ strand: LuaStrand, _ outcome: Step.Outcome, _ lua: Lua) -> LuaOutcome {
        guard case .error(let error) = outcome, Self.uncatchable.contains(error.code) else {
            return lua.resume(strand, with: outcome.result)
        }
        if run.isUnwinding {
            // Its undo does not come to an end either.
            lua.finish(strand)
            run.strand = nil
            return .failed(error)
        }
        run.isUnwinding = true
        return lua.cancel(strand, with: error)
    }

    private func ask(_ run: ActiveRun, _ address: String, _ name: String, _ arguments: [Value]) {
        run.waiting = address
        let id = run.run.id
        Task { [loop] in
            // A failed commit drops this run; the engine starts it again from its journal.
            try? await loop.turn { engine, now in
                engine.requestStep(id, address: address, name: name, arguments: arguments, now: now)
            }
        }
    }

    private func end(_ run: ActiveRun, _ result: Result<[Value], MusterError>, _ lua: Lua) {
        if case .prompt = run.run.cause {
            run.tell(result)
            // A session whose isolate is lost cannot go on; the next line opens another.
            if lua.isStuck { over(run, .failure(MusterError(.cancelled, "the session hung and was given up"))) }
            return
        }
        over(run, result.map { $0.first ?? .null })
    }

    /// Tells the engine that a run is over, unless the engine has dropped it.
    private func over(_ run: ActiveRun, _ result: Result<Value, MusterError>) {
        guard forget(run) else { return }
        if case .script = run.run.cause { forgetPolicy(Self.policyName(run.run, "")) }
        over(run.run.id, result)
    }

    private func over(_ id: RunID, _ result: Result<Value, MusterError>) {
        Task { [loop] in try? await loop.turn { engine, now in engine.runEnded(id, result, now: now) } }
    }

    func over(prompt run: ActiveRun) { over(run, .success(.null)) }
    func failed(toStart id: RunID, _ error: MusterError) { over(id, .failure(error)) }

    private func isCurrent(_ run: ActiveRun) -> Bool { lock.withLock { active[run.run.id] === run } }

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
