import MusterCore

/// Where heartbeats end that tell the engine nothing new. The engine asks it when a machine was last heard, and takes from it which
/// machines it hears no more.
public protocol HeartbeatSource: Sendable {
    /// When a machine last beat; nil when this source has not heard it.
    func lastHeard(_ id: ResourceID) -> Moment?

    /// Takes over the watch over a machine that beats: its silence comes out of `takeSilent` once. False when its next beat goes to the
    /// engine anyway, or when it has not been heard since `since`: then the engine goes on watching.
    func watch(_ id: ResourceID, heardSince since: Moment) -> Bool

    /// Whether a machine is under watch here.
    func watches(_ id: ResourceID) -> Bool

    /// The machines under watch that have not been heard for `length` milliseconds at `now`, counted from `since` at the earliest, with the
    /// time last heard. The watch over them ends, and their next beat goes to the engine.
    func takeSilent(now: Moment, after length: Int64, since: Moment) -> [Silence]

    /// What a machine said last of its load; nil when it never did.
    func load(of id: ResourceID) -> LoadObservation?

    /// The earliest moment at which `takeSilent` can have something; nil while nothing is under watch.
    func nextSilence(after length: Int64) -> Moment?
}

/// A machine that is heard no more.
public struct Silence: Sendable, Hashable {
    public var resource: ResourceID
    public var lastHeard: Moment

    public init(resource: ResourceID, lastHeard: Moment) {
        self.resource = resource
        self.lastHeard = lastHeard
    }
}

/// The machines of which the engine changed something: what was known of their heartbeats' answers holds no more.
public enum Touched: Sendable, Hashable {
    /// In the order of their names; machines that are gone are among them.
    case some([ResourceID])
    case all

    public var isEmpty: Bool { self == .some([]) }
}

/// What a machine said of its load.
public struct LoadObservation: Sendable, Hashable {
    /// One-minute load average.
    public var load: Double
    /// MiB in use; nil for a machine that does not say.
    public var memoryUsedMiB: Int64?
    public var at: Moment

    public init(load: Double, memoryUsedMiB: Int64? = nil, at: Moment) {
        self.load = load
        self.memoryUsedMiB = memoryUsedMiB
        self.at = at
    }

    /// Nil when a heartbeat says nothing of it.
    init?(_ heartbeat: Heartbeat, at: Moment) {
        guard let load = heartbeat.load else { return nil }
        self.init(load: load, memoryUsedMiB: heartbeat.memoryUsedMiB, at: at)
    }
}
