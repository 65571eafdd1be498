import MusterCore

/// Where a run failed: its number and the call that the error came from, which the error itself does not know.
enum FailedCall {
    /// The run's error with that as the last of its calls.
    static func error(of run: Run, _ steps: [Step]) -> MusterError? {
        guard var error = run.error else { return nil }
        let failed = steps.last { step in
            guard case .error(let raised)? = step.outcome else { return false }
            return raised.code == error.code && raised.message == error.message
        }
        let call = failed.map { ", step \($0.address), \(TextWidth.clean("\($0.name)(\(Words.arguments($0.arguments)))"))" } ?? ""
        let concerned = error.subject.flatMap { error.message.contains($0) ? nil : ", about \(TextWidth.clean($0))" } ?? ""
        let line = "in run \(run.id)\(call)\(concerned): muster runs show \(run.id)"
        error.traceback = [error.traceback, line].compactMap { $0 }.joined(separator: "\n")
        return error
    }
}
