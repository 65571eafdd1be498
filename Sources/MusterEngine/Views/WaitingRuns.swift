import MusterCore

// What the live runs wait for: the queue as people see it.
extension Engine {
    /// Live runs, oldest first: `run`, `status`, `hook`, `key`, `at`, and `waits`, each with `step`, `for` (words), `since` and, when it ends by
    /// itself, `until` (milliseconds since 1970); `question` and `answers` for what an operator may answer.
    public func waitingRunValues(now: Now) -> Value {
        .array(world.runs.values.sorted { $0.id < $1.id }.map { waitingRunValue($0, now: now) })
    }

    private func waitingRunValue(_ run: Run, now: Now) -> Value {
        var fields: Fields = [
            "run": .int(run.id.rawValue), "status": .string(run.status.rawValue), "hook": .string(run.hook.rawValue),
            "key": .string(run.key), "at": .int(run.at.milliseconds),
        ]
        switch run.status {
        case .queued:
            var wait: Fields = ["for": .string(obstacle(to: run, now: now) ?? "its turn"), "since": .int(run.at.milliseconds)]
            wait["until"] = run.notBefore.map { .int($0.milliseconds) }
            fields["waits"] = .array([.object(wait)])
        default:
            let open = (world.openSteps[run.id] ?? [:]).values.sorted { $0.address < $1.address }
            fields["waits"] = .array(open.map { waitValue($0, run) })
        }
        return .object(fields)
    }

    private func waitValue(_ step: Step, _ run: Run) -> Value {
        var fields: Fields = ["step": .string(step.address), "since": .int(step.intended.milliseconds)]
        let first = step.arguments.first ?? .null
        let subject = first.string ?? first["name"].string
        fields["for"] = .string(subject.map { "\(step.name) \($0)" } ?? step.name)
        fields["until"] = Effects.waits.contains(step.name) ? Effects.deadline(of: step).map { .int($0) } : nil
        if step.name == "ask" {
            fields["question"] = first
            fields["answers"] = step.arguments.count > 1 ? step.arguments[1]["answers"] : Value.null
        } else if run.status == .asking, isInDoubt(step) {
            fields["question"] = .string(run.error?.message ?? "")
            fields["answers"] = ["happened", "again", "refused"]
        }
        return .object(fields)
    }
}
