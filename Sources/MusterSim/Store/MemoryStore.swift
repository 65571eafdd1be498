import MusterCore
import MusterEngine
import Synchronization

/// A store in memory, for simulation: it keeps what was committed, and can be told to fail.
public final class MemoryStore: Store {
    private struct Contents {
        var events: [Event] = []
        var general = General()
        var resources: [ResourceID: Resource] = [:]
        var images: [ImageID: Image] = [:]
        var servers: [ServerID: Server] = [:]
        var claims: [Epoch: Claim] = [:]
        var evidence: [Evidence.ID: Evidence] = [:]
        var hooks: [HookID: Hook] = [:]
        var code: [String: CodeBundle] = [:]
        var runs: [RunID: Run] = [:]
        var steps: [RunID: [String: Step]] = [:]
        var dedup: [String: Dedup] = [:]
        var failure: MusterError?
        var queryFailure: MusterError?
        var isShort = false
        var commits = 0

        var allRuns: [Run] { runs.values.sorted { $0.id < $1.id } }
    }

    private let contents: Mutex<Contents>

    /// A store that holds a snapshot, and no history.
    public init(_ snapshot: Snapshot = Snapshot()) {
        var contents = Contents()
        contents.general = snapshot.general
        for change in Self.changes(snapshot) { Self.apply(change, &contents) }
        self.contents = Mutex(contents)
    }

    private static func changes(_ snapshot: Snapshot) -> [Change] {
        var changes: [Change] = snapshot.resources.map { .resource($0) }
        changes += snapshot.images.map { .image($0) }
        changes += snapshot.servers.map { .server($0) }
        changes += snapshot.claims.map { .claim($0) }
        changes += snapshot.evidence.map { .evidence($0) }
        changes += snapshot.hooks.map { .hook($0) }
        changes += snapshot.code.map { .code($0) }
        changes += snapshot.runs.map { .run($0) }
        changes += snapshot.steps.map { .step($0) }
        changes += snapshot.dedup.map { .dedup($0) }
        return changes
    }

    /// A copy of what another holds now: a backup.
    public init(copying other: MemoryStore) {
        let copy = other.contents.withLock { $0 }
        contents = Mutex(copy)
    }

    /// Makes every query of history fail.
    public func failQueries(with error: MusterError) { contents.withLock { $0.queryFailure = error } }

    private func query<Answer: Sendable>(_ body: (Contents) -> Answer) throws -> Answer {
        try contents.withLock { contents in
            if let failure = contents.queryFailure { throw failure }
            return body(contents)
        }
    }

    /// Makes every commit fail with this error, until it is nil again.
    public func fail(with error: MusterError?) { contents.withLock { $0.failure = error } }

    /// Makes it live on its reserve, as on a full disk, or have room again.
    public func run(short isShort: Bool) { contents.withLock { $0.isShort = isShort } }

    public var isShort: Bool { contents.withLock { $0.isShort } }

    /// How many batches were committed.
    public var commits: Int { contents.withLock { $0.commits } }

    public func commit(_ batch: Batch) async throws { try write(batch) }

    /// What `commit` does, at once. Errors: the one that was given to `fail`.
    public func write(_ batch: Batch) throws {
        try contents.withLock { contents in
            if let failure = contents.failure { throw failure }
            contents.commits += 1
            contents.events += batch.events
            for change in batch.changes { Self.apply(change, &contents) }
        }
    }

    private static func apply(_ change: Change, _ contents: inout Contents) {
        switch change {
        case .resource(let object): contents.resources[object.id] = object
        case .removeResource(let id): contents.resources[id] = nil
        case .image(let object): contents.images[object.id] = object
        case .removeImage(let id): contents.images[id] = nil
        case .server(let object): contents.servers[object.id] = object
        case .removeServer(let id): contents.servers[id] = nil
        case .claim(let object): contents.claims[object.epoch] = object
        case .evidence(let object): contents.evidence[object.id] = object
        case .hook(let object): contents.hooks[object.id] = object
        case .removeHook(let id): contents.hooks[id] = nil
        case .code(let object): contents.code[object.hash] = object
        case .run(let object): contents.runs[object.id] = object
        case .step(let object): contents.steps[object.run, default: [:]][object.address] = object
        case .general(let object): contents.general = object
        case .dedup(let item): contents.dedup[item.key] = item
        case .removeDedup(let key): contents.dedup[key] = nil
        }
    }

    public func load() async throws -> Snapshot { snapshot }

    /// What `load` answers, at once.
    public var snapshot: Snapshot {
        contents.withLock { contents in
            var snapshot = Snapshot()
            snapshot.general = contents.general
            snapshot.resources = contents.resources.values.sorted { $0.id < $1.id }
            snapshot.images = contents.images.values.sorted { $0.id < $1.id }
            snapshot.servers = contents.servers.values.sorted { $0.id < $1.id }
            snapshot.claims = contents.claims.values.filter { $0.isAlive || !$0.exportCut }.sorted { $0.epoch < $1.epoch }
            snapshot.evidence = contents.evidence.values.filter(\.isValid).sorted { $0.id < $1.id }
            snapshot.hooks = contents.hooks.values.sorted { $0.id < $1.id }
            snapshot.code = contents.code.values.sorted { $0.hash < $1.hash }
            snapshot.runs = contents.runs.values.filter(\.status.isLive).sorted { $0.id < $1.id }
            snapshot.steps = snapshot.runs.flatMap { run in
                (contents.steps[run.id] ?? [:]).values.sorted { $0.address < $1.address }
            }
            snapshot.dedup = contents.dedup.values.sorted { $0.key < $1.key }
            return snapshot
        }
    }

    public func events(after: EventID, limit: Int) async throws -> [Event] { try page(after: after, limit: limit) }

    /// What `events` answers, at once.
    public func page(after: EventID, limit: Int) throws -> [Event] {
        try query { contents in
            let start = contents.events.sortedPlace { $0.id <= after }
            return Array(contents.events[start...].prefix(limit))
        }
    }

    public func latestEvents(limit: Int) async throws -> [Event] { try query { Array($0.events.suffix(limit)) } }

    public func runs(limit: Int) async throws -> [Run] { Array(try query(\.allRuns).reversed().prefix(limit)) }

    /// All runs, oldest first, and the events that are kept.
    public var allRuns: [Run] { contents.withLock(\.allRuns) }
    public var allEvents: [Event] { contents.withLock(\.events) }

    public func run(_ id: RunID) async throws -> Run? { try query { $0.runs[id] } }

    public func steps(of run: RunID) async throws -> [Step] { try journal(of: run) }

    /// What `steps` answers, at once.
    public func journal(of run: RunID) throws -> [Step] {
        try query { contents in
            (contents.steps[run] ?? [:]).values.sorted { ($0.sequence ?? .max, $0.address) < ($1.sequence ?? .max, $1.address) }
        }
    }

    public func code(_ hash: String) async throws -> CodeBundle? { try query { $0.code[hash] } }
}
