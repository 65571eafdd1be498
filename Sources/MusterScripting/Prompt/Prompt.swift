import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// A REPL session: one run whose lines come one at a time. Its effects are steps of that run, so they are journaled like any other.
final class Prompt: @unchecked Sendable {
    /// The name of the code of prompts.
    static let main = "prompt"

    /// What a line ends with when whoever typed it gave it up.
    static let cancellation = MusterError(
        .cancelled, "the line was cancelled", hint: "what a machine was already told goes on; the session and its variables stay")

    let run: ActiveRun
    private let lock = NSLock()
    private var lines = Lines()

    /// How many lines there were, whether the last one still executes, and which one was given up.
    private struct Lines {
        var last = 0
        var isBusy = false
        var cancelled = 0
    }

    init(_ run: ActiveRun) { self.run = run }

    /// Executes one input. Answers `incomplete` when the text wants another line, and with `follow` when it asked for events. When its task
    /// is cancelled, so is the line.
    func evaluate(_ text: String, _ executor: RunExecutor) async throws -> Value {
        let number: Int? = lock.withLock {
            if lines.isBusy { return nil }
            lines.isBusy = true
            lines.last += 1
            return lines.last
        }
        guard let number else {
            throw MusterError(.wrongState, "the session still executes its last line", hint: "wait for it, or open another session")
        }
        defer { lock.withLock { lines.isBusy = false } }
        guard let chunk = try await compile(text) else { return ["incomplete": true] }
        let told = Told()
        let values = try await withTaskCancellationHandler {
            try await execute(chunk, number, told, executor)
        } onCancel: {
            cancel(executor)
        }
        let shown = told.texts + values.map { Inspect.text($0) }
        var answer: Fields = ["output": .string(shown.joined(separator: "\n"))]
        answer["follow"] = told.follow
        return .object(answer)
    }

    private func execute(_ chunk: LuaChunk, _ number: Int, _ told: Told, _ executor: RunExecutor) async throws -> [Value] {
        let run = run
        return try await withCheckedThrowingContinuation { continuation in
            run.policy.isolate.submit { [self] lua in
                guard let lua, let strand = run.root.strand else {
                    continuation.resume(throwing: MusterError(.cancelled, "the session is over", hint: "open another"))
                    return
                }
                if lock.withLock({ lines.cancelled == number }) {
                    lua.release(chunk)
                    continuation.resume(throwing: Self.cancellation)
                    return
                }
                run.root.beginLine(number)
                (run.line, run.isLineCancelled) = (number, false)
                run.whenLogged = { told.add($0) }
                run.whenFollowed = { told.follow($0) }
                run.whenOver = { continuation.resume(with: $0.mapError { $0 as any Error }) }
                let outcome = lua.evaluate(chunk, in: strand)
                lua.release(chunk)
                executor.proceed(run, outcome, lua)
            }
        }
    }

    /// Gives up the line that executes, if any: the step that it waits for is cancelled, its `<close>` variables undo what must be undone, and
    /// the session goes on.
    func cancel(_ executor: RunExecutor) {
        let number: Int? = lock.withLock {
            guard lines.isBusy, lines.cancelled != lines.last else { return nil }
            lines.cancelled = lines.last
            return lines.last
        }
        if let number { executor.cancelLine(number, of: run) }
    }

    /// An expression, else a statement; nil when it is only a beginning.
    private func compile(_ text: String) async throws -> LuaChunk? {
        let name = "prompt"
        return try await run.policy.isolate.perform { lua in
            if let expression = try? lua.compile(LuaSource(name: name, text: "return " + text)) { return expression }
            do throws(MusterError) {
                return try lua.compile(LuaSource(name: name, text: text))
            } catch {
                if error.message.contains("<eof>") { return nil }
                throw error
            }
        }
    }

    /// What a line tells besides its values.
    private final class Told: @unchecked Sendable {
        private let lock = NSLock()
        private var logged: [String] = []
        private var followed: Value?
        func add(_ text: String) { lock.withLock { logged.append(text) } }
        func follow(_ value: Value) { lock.withLock { followed = value } }
        var texts: [String] { lock.withLock { logged } }
        var follow: Value? { lock.withLock { followed } }
    }
}

extension RunExecutor {
    /// A prompt's run begins: an environment that its lines share.
    func startPrompt(_ run: Run) {
        do throws(MusterError) {
            let active = ActiveRun(run: run, policy: try policy("\(Prompt.main) \(run.id)", run.limits ?? PolicyLimits()), journal: [])
            activate(active)
            active.policy.isolate.submit { lua in
                guard let lua, let chunk = try? lua.compile(LuaSource(name: Prompt.main, text: "")) else { return }
                active.root.strand = lua.execute(chunk, seed: UInt64(bitPattern: run.seed), keep: true).strand
            }
        } catch {
            failed(toStart: run.id, error)
        }
    }

    /// Ends the steps that a prompt's line waits for. Its branches unwind when they hear of it.
    func cancelLine(_ number: Int, of run: ActiveRun) {
        run.policy.isolate.submit { [self] lua in
            guard lua != nil, isCurrent(run), run.line == number else { return }
            run.isLineCancelled = true
            let (id, addresses) = (run.run.id, run.waiting.keys.sorted())
            // After the requests for them, which were posted before.
            engine.post { engine, now in engine.cancelSteps(id, addresses, now: now) }
        }
    }

    /// Ends a prompt's run and gives its isolate back.
    func endPrompt(_ id: RunID) {
        guard let active = activeRun(id) else { return }
        active.policy.isolate.submit { lua in
            if let lua, let strand = active.root.strand { lua.finish(strand) }
            active.root.strand = nil
            active.tell(.failure(MusterError(.cancelled, "the session was ended")))
        }
        forgetPolicy("\(Prompt.main) \(id)")
        over(prompt: active)
    }
}
