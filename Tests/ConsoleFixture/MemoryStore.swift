import MusterCore
import MusterEngine
import Synchronization

/// A store that keeps everything in memory.
public final class MemoryStore: Store {
    private struct Contents {
        var snapshot = Snapshot()
        var events: [Event] = []
        var runs: [RunID: Run] = [:]
        var steps: [Step] = []
        var queryFailure: MusterError?
    }

    private let contents: Mutex<Contents>

    public init(_ snapshot: Snapshot = Snapshot()) {
        var contents = Contents()
        contents.snapshot = snapshot
        self.contents = Mutex(contents)
    }

    /// Makes every query of history fail.
    public func failQueries(with error: MusterError) { contents.withLock { $0.queryFailure = error } }

    public func load() async throws -> Snapshot { contents.withLock { $0.snapshot } }

    public func commit(_ batch: Batch) async throws {
        contents.withLock { contents in
            contents.events += batch.events
            for change in batch.changes {
                switch change {
                case .run(let run): contents.runs[run.id] = run
                case .step(let step):
                    contents.steps.removeAll { $0.run == step.run && $0.address == step.address }
                    contents.steps.append(step)
                default: break
                }
            }
        }
    }

    public func events(after: EventID, limit: Int) async throws -> [Event] {
        try query { contents in
            // Numbers are given out without a gap, so a number is a place.
            let start = min(max(0, Int(after.rawValue)), contents.events.count)
            return Array(contents.events[start...].prefix(limit))
        }
    }

    public func latestEvents(limit: Int) async throws -> [Event] { try query { $0.events.suffix(limit) } }

    public func runs(limit: Int) async throws -> [Run] {
        try query { Array($0.runs.values.sorted { $1.id < $0.id }.prefix(limit)) }
    }

    public func run(_ id: RunID) async throws -> Run? { try query { $0.runs[id] } }

    public func steps(of run: RunID) async throws -> [Step] {
        try query { contents in
            contents.steps.filter { $0.run == run }.sorted { ($0.sequence ?? .max) < ($1.sequence ?? .max) }
        }
    }

    public func code(_ hash: String) async throws -> CodeBundle? { nil }

    private func query<Answer>(_ body: (Contents) -> Answer) throws -> Answer {
        try contents.withLock { contents in
            if let failure = contents.queryFailure { throw failure }
            return body(contents)
        }
    }
}
