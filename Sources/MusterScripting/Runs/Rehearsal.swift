import MusterCore
import MusterEngine
import MusterLua

/// How a recorded run went when it was replayed against some code, without doing anything.
public struct Rehearsal: Sendable {
    public enum End: Sendable {
        /// The script ended.
        case ended(Result<Value, MusterError>)
        /// It wants steps that the journal does not have.
        case wants([String])
    }

    /// How many recorded steps the script took again, of how many.
    public var steps: Int
    public var recorded: Int
    public var end: End
}

extension RunExecutor {
    /// Replays a run's journal against a bundle, which may be other code than it ran.
    func rehearse(_ run: Run, _ code: CodeBundle, _ journal: [Step]) async throws -> Rehearsal {
        // A number that no run has: the run itself may be alive.
        var copy = run
        copy.id = RunID(-run.id.rawValue)
        let name = "rehearsal \(run.id)"
        let policy = try policy(name, run.limits ?? PolicyLimits())
        defer { forgetPolicy(name) }
        let rehearsed = ActiveRun(run: copy, policy: policy, journal: journal)
        let end: Rehearsal.End = await withCheckedContinuation { continuation in
            rehearsed.whenRehearsed = { continuation.resume(returning: $0) }
            activate(rehearsed)
            policy.isolate.submit { [self] lua in
                guard let lua else { return rehearsed.tell(.ended(.failure(MusterError("stuck", "the script hung")))) }
                execute(rehearsed, code, lua)
            }
        }
        return Rehearsal(steps: rehearsed.delivered, recorded: rehearsed.recordedCount, end: end)
    }
}

extension Scripting {
    public func replay(_ run: Run, _ steps: [Step], code: CodeBundle, source: String?) async throws -> Value {
        if case .prompt = run.cause {
            throw MusterError(
                .wrongState, "run \(run.id) is a session: its lines are not kept as a script", hint: "replay runs of hooks and scripts")
        }
        let bundle = try source.map { try folders.bundle(main: code.main, source: $0) } ?? code
        let rehearsal = try await executor.rehearse(run, bundle, steps)
        var fields: Fields = [
            "run": .int(run.id.rawValue), "steps": .int(Int64(rehearsal.steps)), "recorded": .int(Int64(rehearsal.recorded)),
        ]
        if let problem = Self.problem(rehearsal, run) {
            fields["same"] = false
            fields["problem"] = try Value(encoding: problem)
        } else {
            fields["same"] = true
        }
        return .object(fields)
    }

    private static func problem(_ rehearsal: Rehearsal, _ run: Run) -> MusterError? {
        switch rehearsal.end {
        case .wants(let calls):
            // A run that is alive, or was lost with its engine, stops where its journal stops.
            if run.status.isLive || run.status == .cancelled { return nil }
            return MusterError(
                .diverged, "after its last recorded step the script goes on with \(calls.joined(separator: ", "))",
                hint: "the recorded run ended there")
        case .ended(.failure(let error)) where error.code == .diverged: return run.error == error ? nil : error
        case .ended(.failure(let error)):
            if run.error?.code == error.code { return nil }
            let was = run.error.map { "with \($0.code): \($0.message)" } ?? "without an error"
            return MusterError(
                .diverged, "it ends with \(error.code): \(error.message); the recorded run ended \(was)", hint: error.hint,
                place: error.place)
        case .ended(.success(let value)):
            if run.status == .done, run.result == value { return nil }
            let was =
                run.error.map { "with \($0.code): \($0.message)" }
                ?? (run.status == .done ? "with \(run.result.json)" : run.status.rawValue)
            return MusterError(.diverged, "it ends with \(value.json); the recorded run ended \(was)", hint: "look at what it returns")
        }
    }
}
