/// What a hook file asks to be called for.
public struct HookDeclaration: Codable, Sendable, Hashable {
    public enum Trigger: Codable, Sendable, Hashable {
        /// Each event of this name.
        case event(String)
        /// Every so many milliseconds.
        case timer(Int64)
        /// A question that wants an answer at once: `boot`, `place`.
        case question(String)
    }

    public var id: HookID
    public var trigger: Trigger
    /// The event's field that names the subject by which runs queue: `resource` or `server`; nil means whichever the event has.
    public var key: String?
    /// For timers: milliseconds after midnight UTC from which the intervals count; nil: from when the hook was first loaded.
    public var at: Int64?
    /// How a run that failed is tried again; nil: not at all.
    public var retry: Retry?
    /// `file:line` of the registration.
    public var place: String
    /// What the file declares that it may touch; nil for one that was loaded before files declared it.
    public var needs: [Capability]?
    /// Bytes of memory and milliseconds of a slice that the file asks for; nil for the operator's defaults.
    public var memory: Int64?
    public var slice: Int64?

    /// The `policy` of `fleet.lua` without which it rests; nil: it never does.
    public var policy: String?

    public struct Retry: Codable, Sendable, Hashable {
        /// How many more times after the first.
        public var times: Int
        /// Milliseconds before the first new try; each later one waits twice as long as the one before, up to an hour.
        public var backoff: Int64

        public init(times: Int, backoff: Int64) {
            self.times = times
            self.backoff = backoff
        }

        /// Milliseconds to wait after this many tries.
        public func delay(after attempt: Int) -> Int64 { min(3_600_000, backoff << Int64(min(max(attempt - 1, 0), 20))) }
    }

    public init(id: HookID, trigger: Trigger, key: String? = nil, retry: Retry? = nil, place: String, needs: [Capability] = []) {
        self.id = id
        self.trigger = trigger
        self.key = key
        self.retry = retry
        self.place = place
        self.needs = needs
    }
}

/// A hook as the engine remembers it, also while its file is broken or absent.
public struct Hook: Codable, Sendable, Hashable {
    public var declaration: HookDeclaration
    /// The hook file's name (`failover.lua`).
    public var file: String
    /// The hash of the code that new runs begin with.
    public var code: String
    /// The last event it has been given a run for; for timers, the number of the last tick.
    public var cursor: Int64
    /// For timers: when the last tick was.
    public var ticked: Timestamp?
    /// False while no loaded file declares it; its backlog then waits.
    public var active: Bool
    /// True while events wait for it in the store, after its cursor: it was inactive, or too many of its runs wait already.
    public var isBehind: Bool?
    /// Since when no loaded file declares it.
    public var away: Timestamp?
    /// What its runs remember from one to the next, by key.
    public var memory: Fields?

    public var id: HookID { declaration.id }

    public init(declaration: HookDeclaration, file: String, code: String, cursor: Int64, active: Bool = true) {
        self.declaration = declaration
        self.file = file
        self.code = code
        self.cursor = cursor
        self.active = active
    }
}

/// The sources that a run executes, kept by content hash.
public struct CodeBundle: Codable, Sendable, Hashable {
    public var hash: String
    /// The file that is executed (`failover.lua`).
    public var main: String
    /// Source text by file or module name.
    public var sources: [String: String]

    public init(hash: String, main: String, sources: [String: String]) {
        self.hash = hash
        self.main = main
        self.sources = sources
    }
}
