import MusterCore

// How long one run's journal may become: in steps, and in bytes.
extension Engine {
    /// Steps that a run's undo may still take after it has come to a limit.
    private static let undoAllowance = 100
    /// Bytes that the steps of the undo may add.
    private static let undoBytes = 4 << 20

    /// The error of a run that wants one more step than it may; nil while it may. It is the result of one step; what comes after that is
    /// the run's undo, and past its allowance nothing is recorded any more: `isLast`.
    func excess(_ id: RunID, isInDoubt: Bool) -> (error: MusterError, isLast: Bool)? {
        if isInDoubt { return nil }
        return tooManySteps(id) ?? tooManyBytes(id)
    }

    private func tooManySteps(_ id: RunID) -> (error: MusterError, isLast: Bool)? {
        let limit = world.general.settings.stepLimit
        let taken = world.steps[id]?.count ?? 0
        guard taken == limit || taken > limit + Self.undoAllowance else { return nil }
        let error = MusterError(.stepLimit, "the run has taken \(limit) steps", hint: "raise settings { step_limit = … } or end the loop")
        return (error, taken > limit)
    }

    private func tooManyBytes(_ id: RunID) -> (error: MusterError, isLast: Bool)? {
        let limit = Int(clamping: world.general.settings.mostJournal)
        let bytes = world.journalBytes[id] ?? 0
        guard bytes >= limit else { return nil }
        let error = MusterError(
            .journalLimit,
            "the run's journal has \(Quantity.people(bytes: Int64(bytes))), and may have \(Quantity.people(bytes: Int64(limit)))",
            hint: "ask for less, end the loop by continue_as(state), or raise settings { journal_limit = … }")
        let steps = world.steps[id] ?? [:]
        guard let told = steps.values.lazy.filter({ $0.isJournalLimit }).compactMap(\.sequence).min() else { return (error, false) }
        let undone = steps.values.count { ($0.sequence ?? .max) > told }
        guard undone > Self.undoAllowance || bytes > limit + Self.undoBytes else { return nil }
        return (error, true)
    }
}

extension Step {
    fileprivate var isJournalLimit: Bool { if case .error(let error) = outcome { error.code == .journalLimit } else { false } }
}
