/// One reaction: a Lua coroutine whose every step is in the journal.
public struct Run: Codable, Sendable, Hashable {
    public enum Status: String, Codable, Sendable {
        /// Waits for an earlier run of the same hook and key, or for its time.
        case queued
        case running
        /// Finished: `done`, or one of the ways not to.
        case done, failed, cancelled, diverged
        /// Waits for an operator's answer to a step in doubt; it is in nobody's way.
        case asking

        public var isLive: Bool { self == .queued || self == .running || self == .asking }
    }

    public enum Cause: Codable, Sendable, Hashable {
        case event(EventID)
        /// The tick number of an `every` timer.
        case timer(Int64)
        /// `muster run FILE`, and who started it.
        case script(operatorName: String)
        /// A REPL session, and whose it is.
        case prompt(operatorName: String)
    }

    public enum Cancel: String, Codable, Sendable {
        /// The run's next step raises it.
        case ordered
        /// A step's journaled result says so, so that replay raises it at the same place.
        case raised
    }

    public var id: RunID
    public var hook: HookID
    /// The subject by which runs of a hook queue.
    public var key: String
    public var cause: Cause
    /// The hook file and modules it began with, by content hash.
    public var code: String
    public var status: Status
    public var at: Timestamp
    public var finished: Timestamp?
    /// What the script gets as its event.
    public var argument: Value
    /// What the script returned.
    public var result: Value = .null
    public var error: MusterError?
    /// The servers whose recovery this run has taken on.
    public var servers: [ServerID] = []
    /// How far an operator's cancel has come; nil when there was none.
    public var cancel: Cancel?
    /// Seeds `math.random`.
    public var seed: Int64
    /// Which try this is, for a hook with `retry`; nil for the first.
    public var attempt: Int?
    /// A queued run does not begin before this time; nil: at once.
    public var notBefore: Timestamp?
    /// Whether it recovers the server of a machine that failed.
    public var isFailover: Bool { !servers.isEmpty && argument["name"] == "resource.failed" }
    /// What the run after this one goes on with (`continue_as`).
    public var continuation: Value?
    /// The address of the step in doubt that an operator ordered to be done again.
    public var again: String?
    /// The machines that it keeps from other runs, and its precedence.
    public var reserved: Reserved?

    /// Machines that a run keeps for itself.
    public struct Reserved: Codable, Sendable, Hashable {
        public var resources: [ResourceID]
        /// A run with a higher one may take them away.
        public var priority: Int64

        public init(resources: [ResourceID], priority: Int64) {
            self.resources = resources
            self.priority = priority
        }
    }
    /// What its code declared that it may touch when it began; nil when nothing needs to be declared: an operator's script or prompt, and
    /// a run from before files declared it.
    public var needs: [Capability]?
    /// What it may use up, as it was when it began.
    public var limits: PolicyLimits?

    public init(
        id: RunID, hook: HookID, key: String, cause: Cause, code: String, status: Status, at: Timestamp,
        argument: Value, seed: Int64
    ) {
        self.id = id
        self.hook = hook
        self.key = key
        self.cause = cause
        self.code = code
        self.status = status
        self.at = at
        self.argument = argument
        self.seed = seed
    }
}

/// One effect or query of a run, with its result.
public struct Step: Codable, Sendable, Hashable {
    public var run: RunID
    /// The place in the code path: `4`, or `4/2.1` inside a branch.
    public var address: String
    /// What was called (`resource.fence`).
    public var name: String
    public var arguments: [Value]
    public var intended: Timestamp
    /// When the result was recorded; nil while the step is intended only.
    public var done: Timestamp?
    /// The order in which replay delivers completions within the run.
    public var sequence: Int64?
    public var outcome: Outcome?

    public enum Outcome: Codable, Sendable, Hashable {
        case value(Value)
        case error(MusterError)
    }

    public init(run: RunID, address: String, name: String, arguments: [Value], intended: Timestamp) {
        self.run = run
        self.address = address
        self.name = name
        self.arguments = arguments
        self.intended = intended
    }
}
