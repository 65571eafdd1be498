import MusterConsole
import MusterCore

/// Waits for something to happen in the engine.
struct Awaiting: Sendable {
    let client: ConsoleClient
    /// The last event before it was ordered.
    private let start: EventID

    /// Notes where the history is now. Give the order after this.
    init(_ client: ConsoleClient) async throws {
        self.client = client
        start = EventID(try await client.request("status")["last_event"].int ?? 0)
    }

    /// Gives every event since to `receive` until that has an answer; nil when it has none in time.
    func first<Answer: Sendable>(
        within time: Duration, _ receive: @escaping @Sendable (Event) async throws -> Answer?
    ) async throws -> Answer? {
        try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask {
                var answer: Answer?
                try await client.follow(after: start) { event in
                    answer = try await receive(event)
                    return answer == nil
                }
                return answer
            }
            group.addTask {
                try await Task.sleep(for: time)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Shows an event as progress: on the error stream, so that the answer alone is on the other.
    static func progress(_ event: Event, _ show: ShowOptions) {
        guard !show.json else { return }
        Screen.error.line(EventView.line(event, Screen.error.style, width: Screen.error.width))
    }
}
