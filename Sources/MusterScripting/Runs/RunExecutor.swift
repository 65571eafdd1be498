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
            let policy = try policy(code.main)
            let activeRun = ActiveRun(run: run, policy: policy, journal: journal)
            lock.withLock { active[run.id] = activeRun }
            policy.isolate.submit { [self] lua in
                guard let lua else { return }
                execute(activeRun, code, lua)
            }
        } catch {
            over(run.id, .failure(error))
        }
    }

    public func resume(_ run: RunID, address: String, outcome: Step.Outcome) {
        guard let activeRun = lock.withLock({ active[run] }) else { return }
        activeRun.policy.isolate.submit { [self] lua in
            guard let lua, activeRun.waiting == address, let strand = activeRun.strand else { return }
            activeRun.waiting = nil
            proceed(activeRun, lua.resume(strand, with: outcome.result), lua)
        }
    }

    public func cancel(_ run: RunID) {
        guard let activeRun = lock.withLock({ active[run] }) else { return }
        activeRun.policy.isolate.submit { [self] lua in
            guard let lua, !activeRun.isCancelled else { return }
            activeRun.cancellation = MusterError(.cancelled, "the run was cancelled")
            if activeRun.waiting != nil { unwind(activeRun, lua) }
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
                run.whenOver?(.failure(MusterError(.storeFailed, "the engine had to load its store again", hint: "try again")))
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
                start = lua.dispatch(loaded.chunk, handler: handler, arguments: [run.run.argument], seed: seed)
            }
            run.strand = start.strand
            proceed(run, start.outcome, lua)
        } catch {
            over(run.run.id, .failure(error))
        }
    }

    /// Goes on until the script waits for the engine or is over.
    func proceed(_ run: ActiveRun, _ first: LuaOutcome, _ lua: Lua) {
        var outcome = first
        while true {
            switch outcome {
            case .returned(let values):
                return end(run, .success(values))
            case .failed(let error):
                return end(run, .failure(run.cancellation ?? error))
            case .yielded(let name, let given):
                if run.cancellation != nil, !run.isCancelled { return unwind(run, lua) }
                guard let strand = run.strand else { return }
                let arguments: [Value]
                do throws(MusterError) {
                    arguments = try Value.array(given).storable().array ?? []
                } catch {
                    outcome = lua.resume(strand, with: .failure(error))
                    continue
                }
                let address = run.nextAddress()
                if name == "log", let text = arguments.first?.string { run.whenLogged?(text) }
                guard let recorded = run.journal[address] else {
                    return ask(run, address, name, arguments)
                }
                guard recorded.name == name, recorded.arguments == arguments else {
                    let error = Engine.divergence(recorded, name, arguments)
                    run.cancellation = error
                    run.isCancelled = true
                    outcome = lua.cancel(strand, with: error)
                    continue
                }
                guard let result = recorded.outcome else { return ask(run, address, name, arguments) }
                outcome = lua.resume(strand, with: result.result)
            }
        }
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

    /// Raises the cancellation where the script waits, so that its `<close>` handlers run.
    private func unwind(_ run: ActiveRun, _ lua: Lua) {
        guard let strand = run.strand, let error = run.cancellation else { return }
        run.waiting = nil
        run.isCancelled = true
        proceed(run, lua.cancel(strand, with: error), lua)
    }

    private func end(_ run: ActiveRun, _ result: Result<[Value], MusterError>) {
        if let whenOver = run.whenOver {
            whenOver(result)
            return
        }
        over(run.run.id, result.map { $0.first ?? .null })
    }

    func over(_ id: RunID, _ result: Result<Value, MusterError>) {
        lock.withLock { active[id] = nil }
        Task { [loop] in try? await loop.turn { engine, now in engine.runEnded(id, result, now: now) } }
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
