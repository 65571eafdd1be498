import MusterCore

/// What stands below an engine and tells it of its machines.
public struct Watching: Sendable {
    /// Where heartbeats end that tell nothing new; nil when each is a turn of the engine, or when edges are injected.
    public var heartbeats: (any HeartbeatSource)?
    /// False when the power of well machines is told by `powerSeen` and never polled. Machines in doubt are polled all the same.
    public var pollsWellMachines: Bool

    public init(heartbeats: (any HeartbeatSource)? = nil, pollsWellMachines: Bool = true) {
        self.heartbeats = heartbeats
        self.pollsWellMachines = pollsWellMachines
    }
}

/// Who hears a machine.
enum Hearing: Sendable, Hashable {
    /// The engine itself, with each heartbeat's turn.
    case engine
    /// The source below it, which tells when it hears the machine no more.
    case source
    /// Nobody needs to: it is told that the machine beats, from a moment on and every so many milliseconds, until it is told otherwise.
    case told(from: Moment, every: Int64)
}

// Edges: what is told of heartbeats instead of the heartbeats.
extension Engine {
    /// A machine beats, and will go on beating every `settings.heartbeat` with the same words until `fellSilent`: the heartbeats to come
    /// need not be given, as long as `takeTouched` does not name the machine. The answer is that of `heartbeat`; only `ok` is believed.
    public mutating func beginsToBeat(_ heartbeat: Heartbeat, now: Now) -> HeartbeatAnswer {
        let answer = self.heartbeat(heartbeat, now: now)
        if answer == .ok, let id = world.resource(mac: heartbeat.mac)?.id { keepsBeating(id, from: now.monotonic) }
        return answer
    }

    /// A machine that is known to be alive goes on beating every `settings.heartbeat`, counted from `lastBeat`, until `fellSilent`. Says
    /// nothing of machines that are not alive: those must beat.
    public mutating func keepsBeating(_ id: ResourceID, from lastBeat: Moment) {
        guard let resource = world.resources[id], resource.liveness == .alive else { return }
        if resource.startingSince == nil { lookout.due.remove(id) }
        trackers[id, default: Tracker()].hearing = .told(from: lastBeat, every: max(1, world.general.settings.heartbeat))
    }

    /// A machine that was told to beat does so no more. Its silence counts from `lastHeard`, by default its last beat up to now; it is
    /// suspect once that is long enough.
    public mutating func fellSilent(_ id: ResourceID, lastHeard: Moment? = nil, now: Now) {
        guard world.resources[id] != nil else { return }
        keepAcknowledgements(id, at: now.monotonic)
        let last = lastHeard ?? heard(id, at: now.monotonic)
        trackers[id, default: Tracker()].heard = last
        trackers[id]?.hearing = .engine
        lookout.soon(id)
    }

    /// The machines of which something changed since the last call that may change the answer to their heartbeats: the next beat of each
    /// must be given.
    public mutating func takeTouched() -> Touched {
        touchesTold += 1
        return world.takeTouched()
    }

    /// What a poll of a machine's power would have read now.
    public mutating func powerSeen(_ id: ResourceID, _ reading: Result<Power, MusterError>, now: Now) {
        powerSeen(id, brought: reading.map(OperationResult.power), now: now)
    }

    /// The same of what a driver brought back.
    public mutating func powerSeen(_ id: ResourceID, brought reading: Result<OperationResult, MusterError>, now: Now) {
        guard let control = world.resources[id].flatMap(control) else { return }
        powerRead(id, asked: now.monotonic, believed(reading, of: .readPower(id, control, asked: now.monotonic)), now: now)
        review(now: now)
    }

    /// The engine itself hears a machine, and watches it from now on.
    mutating func hears(_ id: ResourceID, now: Now) {
        keepAcknowledgements(id, at: now.monotonic)
        trackers[id, default: Tracker()].heard = now.monotonic
        trackers[id]?.hearing = .engine
        lookout.due.pull(id, to: now.monotonic.milliseconds + world.general.settings.suspectAfter)
    }

    /// When a machine was last heard, by whomever.
    public func heard(_ id: ResourceID, at now: Moment) -> Moment? {
        let tracker = trackers[id]
        var heard = tracker?.heard
        if case .told(let from, let every) = tracker?.hearing, now >= from {
            let last = from.advanced(by: (now - from) / every * every)
            heard = heard.map { max($0, last) } ?? last
        }
        guard let below = watching.heartbeats?.lastHeard(id) else { return heard }
        return heard.map { max($0, below) } ?? below
    }

    /// Takes over from the source what it hears no more.
    mutating func takeSilences(now: Now) {
        guard let source = watching.heartbeats, networkUp, let listeningSince else { return }
        for silence in source.takeSilent(now: now.monotonic, after: world.general.settings.suspectAfter, since: listeningSince) {
            fellSilent(silence.resource, lastHeard: silence.lastHeard, now: now)
        }
    }

    /// Whether somebody else will tell when this machine is heard no more; asks the source to, when it hears it.
    mutating func isHeardBelow(_ id: ResourceID, now: Moment) -> Bool {
        switch trackers[id]?.hearing {
        case .told: return true
        case .source:
            // It may have lost the machine with the fleet's declaration.
            if watching.heartbeats?.watches(id) == true { return true }
            trackers[id]?.hearing = .engine
            return isHeardBelow(id, now: now)
        case .engine, nil:
            let since = now.advanced(by: -world.general.settings.suspectAfter)
            guard let source = watching.heartbeats, source.watch(id, heardSince: since) else { return false }
            trackers[id, default: Tracker()].hearing = .source
            return true
        }
    }
}
