import MusterConsole
import MusterCore
import Synchronization

/// One session of the engine's Lua prompt.
final class ReplSession: Sendable {
    enum Outcome {
        /// What to show, and the events that were asked for (`LiveEvents.take`).
        case output(String, follow: Value)
        /// The text wants another line.
        case incomplete
        case failed(MusterError)
        /// Nobody waits for it any more.
        case abandoned
    }

    private struct State {
        var name = ReplSession.newName()
        var hasBegun = false
        var evaluation: Task<Value, any Error>?
        /// The engine is being told to give the line up.
        var cancelling: Task<Void, Never>?
        var isAbandoned = false
    }

    private let client: ConsoleClient
    private let state = Mutex(State())

    init(_ client: ConsoleClient) { self.client = client }

    private static func newName() -> String { String(UInt64.random(in: 0 ... .max), radix: 16) }

    func evaluate(_ text: String) async -> Outcome {
        let (client, name) = (client, state.withLock { $0.name })
        let task = Task { try await client.request("evaluate", ["session": .string(name), "text": .string(text)], timeout: nil) }
        state.withLock { state in
            state.hasBegun = true
            state.evaluation = task
            state.isAbandoned = false
        }
        let result = await task.result
        let (wasAbandoned, cancelling) = state.withLock { state in
            defer { state.cancelling = nil }
            state.evaluation = nil
            return (state.isAbandoned, state.cancelling)
        }
        if wasAbandoned {
            await end()
            return .abandoned
        }
        // What is on its way for this line must not meet the next.
        await cancelling?.value
        switch result {
        case .success(let value):
            return value["incomplete"].bool == true ? .incomplete : .output(value["output"].string ?? "", follow: value["follow"])
        case .failure(let error): return .failed(error as? MusterError ?? MusterError("failed", "\(error)"))
        }
    }

    enum Interruption { case nothing, cancelling, abandoned }

    /// Has the engine give up the line that is being evaluated; the second time, stops waiting for it.
    func interrupt() -> Interruption {
        state.withLock { state in
            guard let evaluation = state.evaluation else { return .nothing }
            if state.cancelling != nil {
                state.isAbandoned = true
                evaluation.cancel()
                return .abandoned
            }
            let (client, name) = (client, state.name)
            state.cancelling = Task { _ = try? await client.request("session.cancel", ["session": .string(name)], timeout: .seconds(10)) }
            return .cancelling
        }
    }

    /// Whole replacements for the last word of a line; none when the engine does not say so soon.
    func completions(of line: String) async -> [String] {
        let name = state.withLock { $0.name }
        let answer = try? await client.request(
            "complete", ["session": .string(name), "text": .string(line)], timeout: .seconds(10))
        return (answer?.array ?? []).compactMap(\.string)
    }

    /// Tells the engine that no more lines come. A line after this begins a new session.
    func end() async {
        let name: String? = state.withLock { state in
            defer { state = State() }
            return state.hasBegun ? state.name : nil
        }
        guard let name else { return }
        _ = try? await client.request("session.end", ["session": .string(name)], timeout: .seconds(5))
    }
}
