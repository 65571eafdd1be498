import Foundation
import MusterCore
import MusterEngine
import MusterStore
import SweepWire

/// The real store, whose engine dies before or after a commit; and the stores of engines that break their promises.
final class MortalStore: Store {
    private let store: SQLiteStore
    private let reaper: Reaper
    private let wire: Wire
    private let orders: EngineOrders
    /// Commits that were acknowledged before they were made.
    private let owed = Owed()

    init(_ store: SQLiteStore, _ reaper: Reaper, _ wire: Wire, _ orders: EngineOrders) {
        self.store = store
        self.reaper = reaper
        self.wire = wire
        self.orders = orders
    }

    func commit(_ batch: Batch) async throws {
        let number = reaper.next(.commit)
        reaper.pass(.commit, number, .before)
        if orders.asksBeforeCommit == number { _ = try await wire.request("commit", .int(Int64(number))) }
        try await write(batch)
        reaper.pass(.commit, number, .after)
        acknowledge()
    }

    private func write(_ batch: Batch) async throws {
        switch orders.mutation {
        case nil: try await store.commit(batch)
        case .acknowledgesEarly: await owed.add { [store] in try? await store.commit(batch) }
        case .forgetsIntentions:
            var batch = batch
            batch.changes.removeAll { if case .step(let step) = $0 { step.outcome == nil } else { false } }
            try await store.commit(batch)
        case .splitsBatches:
            var (events, changes) = (Batch(), Batch())
            events.events = batch.events
            changes.changes = batch.changes
            if !events.isEmpty { try await store.commit(events) }
            // A moment in which a kill finds one without the other.
            if !events.isEmpty, !changes.isEmpty { reaper.pass(.commit, reaper.count(.commit), .sent) }
            if !changes.isEmpty { try await store.commit(changes) }
        }
    }

    /// Tells, in a file that outlives this process, how much of the log was acknowledged: power loss must leave that whole.
    private func acknowledge() {
        guard let log = WriteAheadLog(path: store.path + "-wal"), let data = try? JSONEncoder().encode(log) else { return }
        try? data.write(to: URL(fileURLWithPath: orders.acknowledged), options: .atomic)
    }

    var isShort: Bool { store.isShort }
    func load() async throws -> Snapshot { try await store.load() }
    func events(after: EventID, limit: Int) async throws -> [Event] { try await store.events(after: after, limit: limit) }
    func latestEvents(limit: Int) async throws -> [Event] { try await store.latestEvents(limit: limit) }
    func runs(limit: Int) async throws -> [Run] { try await store.runs(limit: limit) }
    func run(_ id: RunID) async throws -> Run? { try await store.run(id) }
    func steps(of run: RunID) async throws -> [Step] { try await store.steps(of: run) }
    func code(_ hash: String) async throws -> CodeBundle? { try await store.code(hash) }
}

/// Carries out late what was promised, one after the other.
private actor Owed {
    private var last: Task<Void, Never>?

    func add(_ work: @escaping @Sendable () async -> Void) {
        let before = last
        last = Task {
            await before?.value
            try? await Task.sleep(for: .milliseconds(20))
            await work()
        }
    }
}
