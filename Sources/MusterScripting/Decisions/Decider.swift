import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// Asks `decide` hooks: each file in an isolate of its own beside that of its runs, so that a busy or broken policy delays no answer but
/// its own, and whoever asked goes on without it.
final class Decider: @unchecked Sendable {
    /// Milliseconds of processor time for one answer, the file's top level included.
    static let slice: Int64 = 50
    /// Milliseconds that an answer is waited for: more than the slice, since the machine may be busy.
    static let patience: Int64 = 500

    private let lock = NSLock()
    private var rooms: [String: Room] = [:]
    private let place: PolicyPlace
    private let report: @Sendable (MusterError) -> Void

    /// The isolate of a file's answers, for one version of the file.
    private struct Room {
        var code: String
        var memory: Int64
        var policy: Policy
        /// Whether an answer is late and may still be executing.
        var isBusy = false
    }

    /// - Parameter report: Told of a file that hung in C code.
    init(place: PolicyPlace, report: @escaping @Sendable (MusterError) -> Void) {
        self.place = place
        self.report = report
    }

    /// Opens a file's isolate and parses the file, so that the first answer does not wait for it.
    func prepare(_ code: CodeBundle, _ limits: PolicyLimits) async throws {
        let policy = try room(code, limits)
        _ = try await policy.isolate.perform { lua in try policy.load(code, in: lua) }
    }

    func decide(_ question: Question, then answer: @escaping @Sendable (Decision) -> Void) {
        guard place.isInline else {
            Task { answer(await decide(question)) }
            return
        }
        answer(Decision(answers: question.hooks.map { Decision.Answer(hook: $0.hook, result: askInline($0, question)) }))
    }

    /// Nobody else executes: the answer cannot be late.
    private func askInline(_ asked: Question.Asked, _ question: Question) -> Result<Value, MusterError> {
        do throws(MusterError) {
            let policy = try room(asked.code, asked.limits)
            return policy.isolate.performInline { lua in Self.placedAnswer(asked, question, policy, lua) }
        } catch {
            return .failure(error)
        }
    }

    private func decide(_ question: Question) async -> Decision {
        await withTaskGroup(of: (Int, Decision.Answer).self) { group in
            for (index, asked) in question.hooks.enumerated() {
                group.addTask { [self] in (index, Decision.Answer(hook: asked.hook, result: await ask(asked, question))) }
            }
            var answers: [(Int, Decision.Answer)] = []
            for await answer in group { answers.append(answer) }
            return Decision(answers: answers.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    private func room(_ code: CodeBundle, _ limits: PolicyLimits) throws(MusterError) -> Policy {
        lock.lock()
        defer { lock.unlock() }
        if let known = rooms[code.main], known.code == code.hash, known.memory == limits.memory { return known.policy }
        let limits = PolicyLimits(memory: limits.memory, slice: Self.slice)
        let policy = try Policy(limits: limits, place: place, onStuck: { [weak self] policy in self?.replaceStuck(policy, code.main) })
        rooms[code.main] = Room(code: code.hash, memory: limits.memory, policy: policy)
        return policy
    }

    private func replaceStuck(_ policy: Policy, _ main: String) {
        lock.withLock { if rooms[main]?.policy === policy { rooms[main] = nil } }
        policy.isolate.abandon()
        report(
            MusterError(
                "stuck", "\(main) hung inside one call while it was asked, and was given up", hint: "look for a pattern that backtracks",
                place: main))
    }

    private func setBusy(_ isBusy: Bool, _ policy: Policy, _ main: String) {
        lock.withLock { if rooms[main]?.policy === policy { rooms[main]?.isBusy = isBusy } }
    }

    private func ask(_ asked: Question.Asked, _ question: Question) async -> Result<Value, MusterError> {
        let main = asked.code.main
        let policy: Policy
        do throws(MusterError) { policy = try room(asked.code, asked.limits) } catch { return .failure(error) }
        // One that hangs is not asked again until it is out of the way.
        if lock.withLock({ rooms[main]?.policy === policy && rooms[main]?.isBusy == true }) { return .failure(Self.late(asked, question)) }
        let answer = FirstAnswer()
        policy.isolate.submit { [self] lua in
            guard let lua, !answer.isGiven else { return setBusy(false, policy, main) }
            let result = Self.placedAnswer(asked, question, policy, lua)
            setBusy(false, policy, main)
            answer.give(result)
        }
        let clock = Task { [self] in
            try await Task.sleep(for: .milliseconds(Self.patience))
            if answer.give(.failure(Self.late(asked, question))) { setBusy(true, policy, main) }
        }
        defer { clock.cancel() }
        return await answer.wait()
    }

    /// An answer whose error says at least which file it is of.
    private static func placedAnswer(_ asked: Question.Asked, _ question: Question, _ policy: Policy, _ lua: Lua) -> Result<
        Value, MusterError
    > {
        answer(asked, question, policy, lua).mapError { error in
            var placed = error
            placed.place = error.place ?? asked.code.main
            return placed
        }
    }

    /// Executes the file and its function. Called on the isolate's thread.
    private static func answer(_ asked: Question.Asked, _ question: Question, _ policy: Policy, _ lua: Lua) -> Result<Value, MusterError> {
        do throws(MusterError) {
            let loaded = try policy.load(asked.code, in: lua)
            guard let handler = loaded.handlers[asked.hook] else {
                throw MusterError(.notFound, "\(asked.code.main) no longer has the hook \(asked.hook)")
            }
            let start = lua.dispatch(loaded.chunk, handler: handler, event: question.request)
            var outcome = start.outcome
            // A step is an error at the line that calls it; a script that catches it and calls another has no answer.
            for _ in 0..<3 {
                guard case .yielded(let name, _) = outcome, let strand = start.strand else { break }
                outcome = lua.resume(strand, with: .failure(noSteps(name, asked)))
            }
            switch outcome {
            case .returned(let values): return .success(try (values.first ?? .null).storable())
            case .failed(let error): return .failure(error)
            case .yielded(let name, _):
                if let strand = start.strand { lua.finish(strand) }
                return .failure(noSteps(name, asked))
            }
        } catch {
            return .failure(error)
        }
    }

    private static func noSteps(_ name: String, _ asked: Question.Asked) -> MusterError {
        MusterError(
            .wrongState, "\(name) is a step, and an answer takes none", hint: "use what the request has, or act in a hook of on(…)",
            place: asked.code.main)
    }

    private static func late(_ asked: Question.Asked, _ question: Question) -> MusterError {
        MusterError(
            .timeout, "\(asked.hook) did not answer \"\(question.name.rawValue)\" in time",
            hint: "an answer has \(slice) ms of processor time",
            place: asked.code.main)
    }
}

/// The first of several results.
private final class FirstAnswer: @unchecked Sendable {
    private let lock = NSLock()
    private var result: Result<Value, MusterError>?
    private var waiting: CheckedContinuation<Result<Value, MusterError>, Never>?

    var isGiven: Bool { lock.withLock { result != nil } }

    /// Whether this one was the first.
    @discardableResult
    func give(_ given: Result<Value, MusterError>) -> Bool {
        lock.lock()
        guard result == nil else {
            lock.unlock()
            return false
        }
        result = given
        let waiting = waiting
        lock.unlock()
        waiting?.resume(returning: given)
        return true
    }

    func wait() async -> Result<Value, MusterError> {
        await withCheckedContinuation { continuation in
            lock.lock()
            let known = result
            if known == nil { waiting = continuation }
            lock.unlock()
            if let known { continuation.resume(returning: known) }
        }
    }
}
