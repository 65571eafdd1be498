import MusterCore
import Synchronization

/// The tracker as it stands below an engine loop: heartbeats come to it from any thread, and wait for no turn.
public final class HeartbeatListener: HeartbeatSource {
    private let tracker = Mutex(HeartbeatTracker())

    public init() {}

    /// Takes a heartbeat: true when it is answered `ok` here, false when it is for the engine.
    func beat(_ heartbeat: Heartbeat, at now: Moment) -> Bool { tracker.withLock { $0.beat(heartbeat, at: now) } }

    var ticket: HeartbeatTracker.Ticket { tracker.withLock { $0.ticket } }

    func learn(_ heartbeat: Heartbeat, of id: ResourceID, at now: Moment, _ ticket: HeartbeatTracker.Ticket) {
        tracker.withLock { $0.learn(heartbeat, of: id, at: now, ticket) }
    }

    /// Forgets what an engine's turn touched. `isGone` says which of the machines are no more.
    func forget(_ touched: Touched, isGone: (ResourceID) -> Bool) {
        guard !touched.isEmpty else { return }
        tracker.withLock { tracker in
            switch touched {
            case .all: tracker.forgetAll()
            case .some(let ids): for id in ids { if isGone(id) { tracker.remove(id) } else { tracker.forget(id) } }
            }
        }
    }

    func forgetAll() { tracker.withLock { $0.forgetAll() } }

    /// How many heartbeats were answered here since the start, and how many were turns of the engine.
    public var counts: (answered: Int, passedOn: Int) { tracker.withLock { ($0.answered, $0.passedOn) } }

    /// What a machine said last of its load; nil when it never did.
    public func load(of id: ResourceID) -> LoadObservation? { tracker.withLock { $0.load(of: id) } }

    public func lastHeard(_ id: ResourceID) -> Moment? { tracker.withLock { $0.lastHeard(id) } }
    public func watch(_ id: ResourceID, heardSince since: Moment) -> Bool { tracker.withLock { $0.watch(id, heardSince: since) } }
    public func watches(_ id: ResourceID) -> Bool { tracker.withLock { $0.watches(id) } }
    public func takeSilent(now: Moment, after length: Int64, since: Moment) -> [Silence] {
        tracker.withLock { $0.takeSilent(now: now, after: length, since: since) }
    }
    public func nextSilence(after length: Int64) -> Moment? { tracker.withLock { $0.nextSilence(after: length) } }
}
