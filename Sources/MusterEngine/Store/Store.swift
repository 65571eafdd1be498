import MusterCore

/// The durable log of typed batches behind the engine's working set.
public protocol Store: Sendable {
    /// Everything the engine needs to go on. Errors: `store_corrupt`, `store_locked`, `store_failed`.
    func load() async throws -> Snapshot

    /// Makes a batch durable, whole or not at all. Errors: `store_full`, `store_term` when another engine has begun a newer term,
    /// `store_failed`.
    func commit(_ batch: Batch) async throws

    /// Whether the disk is full: what was accepted goes on from a reserve, and nothing new may be accepted.
    var isShort: Bool { get }

    /// Events after a number, oldest first.
    func events(after: EventID, limit: Int) async throws -> [Event]
    /// The newest events, oldest of them first.
    func latestEvents(limit: Int) async throws -> [Event]
    /// Runs, newest first.
    func runs(limit: Int) async throws -> [Run]
    func run(_ id: RunID) async throws -> Run?
    /// A run's journal in the order of its steps.
    func steps(of run: RunID) async throws -> [Step]
    func code(_ hash: String) async throws -> CodeBundle?

    /// Forgets history, in slices that keep no commit waiting for long.
    func forget(_ retention: Retention) async throws -> Forgotten

    /// Writes all of it into one file, as it is at one commit, while the engine goes on. The file is there whole or not at all. Errors:
    /// `wrong_state` while another backup is under way, `file_exists` unless `replacing`, `bad_argument`, `store_full`, `store_failed`.
    func backup(to path: String, replacing: Bool) async throws -> BackupReport

    /// How far the backup that is under way has come, from 0 to 1; nil when there is none.
    var backupProgress: Double? { get }
}

extension Store {
    public var isShort: Bool { false }
}

/// What one turn of the engine changed.
public struct Batch: Sendable, Equatable {
    public var events: [Event] = []
    public var changes: [Change] = []
    public var isEmpty: Bool { events.isEmpty && changes.isEmpty }

    public init() {}

    public mutating func append(_ other: Batch) {
        events += other.events
        changes += other.changes
    }
}

/// One object's new state.
public enum Change: Sendable, Equatable {
    case resource(Resource)
    case removeResource(ResourceID)
    case image(Image)
    case removeImage(ImageID)
    case server(Server)
    case removeServer(ServerID)
    case claim(Claim)
    case evidence(Evidence)
    case hook(Hook)
    case removeHook(HookID)
    case code(CodeBundle)
    case run(Run)
    case step(Step)
    case general(General)
    case dedup(Dedup)
    case removeDedup(String)
}

/// The key of an event that was given from outside: the same key again is the same event.
public struct Dedup: Codable, Sendable, Hashable {
    public var key: String
    public var event: EventID
    public var at: Timestamp
}

/// The engine's few facts that belong to no object.
public struct General: Codable, Sendable, Hashable {
    /// False while the operator wants no failovers.
    public var armed: Bool = true
    /// When failovers are armed by themselves; nil: when somebody does.
    public var disarmedUntil: Timestamp?
    /// What machines that were switched off did not use.
    public var energy: SavedEnergy?
    public var settings = Settings()
    public var bootNetwork: BootNetwork?
    /// Set by a restore until every machine is accounted for.
    public var restored: Restored?
    /// The largest numbers given out. They only grow.
    public var lastEvent = EventID(0)
    public var lastRun = RunID(0)
    public var lastEpoch = Epoch(0)
    public var lastEvidence = Evidence.ID(0)
    /// The number of the last order to a hypervisor; nil before the first.
    public var lastOrder: Int64?

    public init() {}
}

/// The working set as it was last committed: everything alive, and history only where the rules still need it.
public struct Snapshot: Sendable {
    public var general = General()
    public var resources: [Resource] = []
    public var images: [Image] = []
    public var servers: [Server] = []
    /// Claims that are alive, or whose export is not cut yet.
    public var claims: [Claim] = []
    /// Evidence that is neither spent nor voided, or newest of its resource.
    public var evidence: [Evidence] = []
    public var hooks: [Hook] = []
    /// The code of live runs and active hooks.
    public var code: [CodeBundle] = []
    /// Live runs and their journals.
    public var runs: [Run] = []
    public var steps: [Step] = []
    public var dedup: [Dedup] = []

    public init() {}
}
