import MusterConsole
import MusterCore

/// A run that is looked at until it ends, over restarts of the engine.
struct FollowedRun {
    private let number: Int64
    private let engine: EngineOptions
    private let tell: (String) -> Void
    /// How long an engine that went away is waited for.
    private static let patience = Duration.seconds(60)

    init(_ number: Int64, _ engine: EngineOptions, tell: @escaping (String) -> Void) {
        self.number = number
        self.engine = engine
        self.tell = tell
    }

    /// Shows the run's log lines as they come, then its end. Errors: the run's own, `engine_lost`.
    func follow() async throws {
        var (shown, isKnown) = (0, false)
        // Short scripts answer at once; a long one is not asked after more often than a person can read.
        var pause = 20
        while true {
            let story = try await story(isKnown: isKnown)
            isKnown = true
            let run = try story["run"].decode(Run.self)
            let logged = try story["steps"].decode([Step].self).filter { $0.name == "log" }
            if !engine.show.json { logged.dropFirst(shown).forEach { Screen.out.line(Self.text(of: $0)) } }
            shown = logged.count
            if !run.status.isLive || run.status == .asking { return try end(run, story) }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 500)
        }
    }

    /// - Parameter isKnown: Whether the engine has told of it before: then it comes back with the engine.
    private func story(isKnown: Bool) async throws -> Value {
        var lost: ContinuousClock.Instant?
        while true {
            do {
                return try await engine.client.request("run", ["id": .int(number)])
            } catch let error as MusterError where isKnown && (error.code == "engine_lost" || error.code == "no_engine") {
                if lost == nil { tell("the engine went away; run \(number) goes on when it is back") }
                let since = lost ?? .now
                lost = since
                if ContinuousClock.now - since > Self.patience {
                    throw MusterError(
                        "engine_lost", "the engine is not back; run \(number) goes on when it is",
                        hint: "start it, then: muster run --attach \(number)")
                }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private static func text(of step: Step) -> String {
        TextWidth.clean(step.arguments.map { $0.string ?? Words.argument($0) }.joined(separator: " "))
    }

    private func end(_ run: Run, _ story: Value) throws {
        if engine.show.json {
            engine.show.value(story) { [] }
        } else if run.status == .done, !run.result.isNull {
            Screen.out.line(TextWidth.clean(Words.result(run.result)))
        }
        let error = FailedCall.error(of: run, (try? story["steps"].decode([Step].self)) ?? [])
        switch run.status {
        case .done: return
        case .cancelled: throw error ?? MusterError(.cancelled, "run \(run.id) was cancelled")
        default:
            throw error
                ?? MusterError("run_failed", "run \(run.id) is \(run.status.rawValue)", hint: "muster runs show \(run.id)")
        }
    }
}
