import MusterCore

/// What an operator says to a run that asks.
public enum RunAnswer: Sendable, Hashable {
    /// The step in doubt happened, with this result.
    case happened(Value)
    /// It did not happen: do it.
    case again
    /// It did not happen, and shall not: the script gets an error.
    case refused
    /// The answer to a question of the script's.
    case text(String)
}

// Runs that ask an operator: about a step in doubt, or because the script wants to know something.
extension Engine {
    /// Stops a run at a step of which nobody knows whether it happened.
    mutating func askOperator(_ run: Run, _ step: Step, now: Now) {
        var run = run
        run.status = .asking
        run.error = MusterError(
            .asking, "\(step.name) at step \(step.address) was under way when the engine ended: it may have happened or not",
            hint: "find out, then: muster runs answer \(run.id) happened|again|refused")
        world.put(run)
        actions.append(.dropRun(run.id))
        tellAsking(run.id, step, run.error?.message ?? "", now: now)
        startAfter(run, now: now)
        needsReview = true
    }

    mutating func tellAsking(_ run: RunID, _ step: Step, _ question: String, now: Now) {
        emit(
            "run.asking",
            data: [
                "run": .int(run.rawValue), "hook": .string(world.runs[run]?.hook.rawValue ?? ""), "step": .string(step.address),
                "question": .string(question),
            ], now: now)
    }

    /// Gives an operator's answer. `address` names the step when several of a run ask. Errors: `not_found`, `wrong_state`, `bad_argument`.
    public mutating func answerRun(_ id: RunID, address: String?, _ answer: RunAnswer, operatorName: String, now: Now) throws {
        guard let run = world.runs[id] else {
            throw MusterError(.notFound, "run \(id) is not alive", hint: "muster runs --waiting lists those that ask")
        }
        defer { review(now: now) }
        if run.status == .asking { return try answerDoubt(run, answer, operatorName: operatorName, now: now) }
        let questions = (world.openSteps[id] ?? [:]).values.filter { $0.name == "ask" && (address == nil || $0.address == address) }
        guard let question = questions.first else {
            throw MusterError(.wrongState, "run \(id) asks nothing", hint: "muster runs --waiting lists those that ask")
        }
        guard questions.count == 1 else {
            let all = questions.map(\.address).sorted().joined(separator: ", ")
            throw MusterError(.badArgument, "run \(id) asks at several steps: \(all)", hint: "name one: --step ADDRESS")
        }
        guard case .text(let text) = answer else {
            throw MusterError(
                .badArgument, "run \(id) asks a question of its script's", hint: "answer with a text: muster runs answer \(id) TEXT")
        }
        let choices = (question.arguments.count > 1 ? question.arguments[1]["answers"].array ?? [] : []).compactMap(\.string)
        guard choices.isEmpty || choices.contains(text) else {
            throw MusterError(.badArgument, "\"\(text)\" is no answer to this question", hint: "one of " + choices.joined(separator: ", "))
        }
        tellAnswer(id, text, operatorName, now: now)
        complete(id, question.address, .value(.string(text)), now: now)
    }

    private mutating func answerDoubt(_ run: Run, _ answer: RunAnswer, operatorName: String, now: Now) throws {
        guard let step = (world.openSteps[run.id] ?? [:]).values.filter({ isInDoubt($0) }).min(by: { $0.address < $1.address }) else {
            throw MusterError(.wrongState, "run \(run.id) has no step in doubt")
        }
        var run = run
        run.status = .running
        run.error = nil
        switch answer {
        case .text(let text):
            throw MusterError(
                .badArgument, "\"\(text)\" does not say what became of \(step.name)",
                hint: "muster runs answer \(run.id) happened, again or refused")
        case .again: run.again = step.address
        case .happened, .refused: break
        }
        world.put(run)
        tellAnswer(run.id, "\(answer.word) (step \(step.address) \(step.name))", operatorName, now: now)
        switch answer {
        case .happened(let value): settleDoubt(step, .value(value), now: now)
        case .refused:
            let error = MusterError(
                .asking, "\(step.name) did not happen, \(operatorName) said", hint: "the script may catch this and go another way")
            settleDoubt(step, .error(error), now: now)
        case .again, .text: break
        }
        begin(run, now: now)
    }

    func isInDoubt(_ step: Step) -> Bool { Effects.catalog[step.name]?.inDoubt(step.arguments) == .ask && step.outcome == nil }

    /// Records a result without telling anybody: the run starts again from its journal.
    private mutating func settleDoubt(_ step: Step, _ outcome: Step.Outcome, now: Now) {
        var step = step
        step.done = now.wall
        step.sequence = (world.doneSteps[step.run] ?? 0) + 1
        step.outcome = outcome
        world.put(step)
    }

    private mutating func tellAnswer(_ run: RunID, _ text: String, _ operatorName: String, now: Now) {
        emit("run.answered", data: ["run": .int(run.rawValue), "answer": .string(text), "operator": .string(operatorName)], now: now)
    }
}

extension RunAnswer {
    var word: String {
        switch self {
        case .happened: "happened"
        case .again: "again"
        case .refused: "refused"
        case .text(let text): text
        }
    }
}
