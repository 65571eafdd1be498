import MusterCore

/// What the test tells an engine process at its start, as JSON in its first argument.
public struct EngineOrders: Codable, Sendable {
    /// The fleet's socket, the state directory, the folders of the sources, and the fleet file.
    public var socket: String
    public var state: String
    public var hooks: String
    public var library: String
    public var fleet: String
    /// Where it dies by its own hand; nil for nowhere.
    public var fate: Fate?
    /// The commits before which it asks the fleet's process and waits: a disk is filled there.
    public var asksBeforeCommit: Int?
    /// What it does wrong on purpose: the sweep must find it.
    public var mutation: SweepMutation?
    /// Milliseconds of virtual time that have passed already.
    public var elapsed: Int64 = 0
    /// The bytes that the store keeps for a full disk; nil for what it keeps by itself.
    public var reserve: Int64?

    /// The file in which the engine notes how much of the store's log it has acknowledged.
    public var acknowledged: String { state + ".acknowledged" }

    public init(socket: String, state: String, hooks: String, library: String, fleet: String) {
        self.socket = socket
        self.state = state
        self.hooks = hooks
        self.library = library
        self.fleet = fleet
    }
}

/// A point at which an engine process kills itself.
public struct Fate: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The store's commits.
        case commit
        /// The calls to drivers that do something or wait for it; not the readings.
        case call
    }

    public enum When: String, Codable, Sendable, CaseIterable {
        case before
        /// For a call: once it was sent, so that it is carried out without anybody to hear of it.
        case sent
        /// Like `sent`, and it is carried out some time later, when the next engine is at work already.
        case late
        case after
    }

    public var kind: Kind
    /// Counted from one in this process.
    public var number: Int
    public var when: When

    public init(_ kind: Kind, _ number: Int, _ when: When) {
        self.kind = kind
        self.number = number
        self.when = when
    }
}

/// A broken promise that the sweep has to notice.
public enum SweepMutation: String, Codable, Sendable, CaseIterable {
    /// A commit is acknowledged first and made durable later.
    case acknowledgesEarly
    /// Steps are journaled only when they are done.
    case forgetsIntentions
    /// A batch's events and its changes are two commits.
    case splitsBatches
}
