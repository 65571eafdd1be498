import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// A REPL session: one run whose lines come one at a time. Its effects are steps of that run, so they are journaled like any other.
final class Prompt: @unchecked Sendable {
    /// The name of the code of prompts.
    static let main = "prompt"

    let run: ActiveRun
    private var line = 0
    private var isBusy = false
    private let lock = NSLock()

    init(_ run: ActiveRun) { self.run = run }

    /// Executes one input. Answers `incomplete` when the text wants another line.
    func evaluate(_ text: String, _ executor: RunExecutor) async throws -> Value {
        let wasBusy = lock.withLock {
            defer { isBusy = true }
            return isBusy
        }
        guard !wasBusy else {
            throw MusterError(.wrongState, "the session still executes its last line", hint: "wait for it, or open another session")
        }
        defer { lock.withLock { isBusy = false } }
        guard let chunk = try await compile(text) else { return ["incomplete": true] }
        line += 1
        let number = line
        let run = run
        let logged = Logged()
        let values: [Value] = try await withCheckedThrowingContinuation { continuation in
            run.policy.isolate.submit { lua in
                guard let lua, let strand = run.root.strand else {
                    continuation.resume(throwing: MusterError(.cancelled, "the session is over", hint: "open another"))
                    return
                }
                run.root.beginLine(number)
                run.whenLogged = { logged.add($0) }
                run.whenOver = { continuation.resume(with: $0.mapError { $0 as any Error }) }
                let outcome = lua.evaluate(chunk, in: strand)
                lua.release(chunk)
                executor.proceed(run, outcome, lua)
            }
        }
        let shown = logged.lines + values.map { Inspect.text($0) }
        return ["output": .string(shown.joined(separator: "\n"))]
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

    private final class Logged: @unchecked Sendable {
        private let lock = NSLock()
        private var texts: [String] = []
        func add(_ text: String) { lock.withLock { texts.append(text) } }
        var lines: [String] { lock.withLock { texts } }
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
