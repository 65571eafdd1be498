import MusterConsole
import MusterCore
import Synchronization

/// The events that a session shows as they happen, because a line of it asked for them.
final class LiveEvents: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        /// Tells the one that follows now from those before it.
        var number = 0
    }

    private let client: ConsoleClient
    private let show: @Sendable ([String]) -> Void
    private let state = Mutex(State())

    init(_ client: ConsoleClient, show: @escaping @Sendable ([String]) -> Void) {
        self.client = client
        self.show = show
    }

    /// Does what a line asked for: nothing, a pattern of names, or false for no more. Returns once no event can be missed.
    func take(_ request: Value) async {
        if request == false, end() { return show(["events are no longer shown"]) }
        guard let pattern = request.string else { return }
        end()
        show(["showing events\(pattern == "*" ? "" : " like \(pattern)"); Ctrl-C or events.follow(false) ends that"])
        await begin(EventPattern(pattern))
    }

    private func begin(_ pattern: EventPattern) async {
        let (beginnings, beginning) = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            state.number += 1
            let number = state.number
            state.task = Task { [self] in
                await follow(pattern) { beginning.finish() }
                beginning.finish()
                this(number) { $0.task = nil }
            }
        }
        for await _ in beginnings {}
    }

    private func follow(_ pattern: EventPattern, started: () -> Void) async {
        do {
            try await client.follow(after: nil, started: started) { event in
                if pattern.matches(event.name) {
                    show([EventView.line(event, Screen.out.style, width: Screen.out.width)])
                }
                return true
            }
        } catch {
            if Task.isCancelled { return }
            let reason = (error as? MusterError)?.message ?? "\(error)"
            show(["events are no longer shown: \(reason)"])
        }
    }

    private func this(_ number: Int, _ change: (inout State) -> Void) {
        state.withLock { if $0.number == number { change(&$0) } }
    }

    /// Shows no more; false when none were shown.
    @discardableResult
    func end() -> Bool {
        state.withLock { state in
            guard let task = state.task else { return false }
            state.task = nil
            task.cancel()
            return true
        }
    }
}
