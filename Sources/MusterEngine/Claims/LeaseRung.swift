import MusterCore

// The rung `lease`: a machine feeds its watchdog only on acknowledged heartbeats, so that it resets when nobody acknowledges any more.
//
// A machine takes no answer to a heartbeat that it sent more than 3 s ago. So its last feeding is at most that much later than the moment
// at which the engine heard the last heartbeat that it acknowledged, however late the acknowledgement went out; the margin covers that.
extension Engine {
    /// Why the lease of a machine's watchdog cannot be waited for; nil when it can.
    func leaseObjection(_ resource: Resource, epoch: Epoch?) -> String? {
        guard let epoch, let lease = resource.lease, lease.epoch == epoch else { return "no watchdog lease was reported" }
        // Between a boot's begin and its first heartbeat it may run the image with no watchdog armed.
        guard resource.boot?.epoch == epoch, resource.boot?.bootID == lease.bootID else {
            return "no watchdog lease was reported by its last boot"
        }
        if resource.unproven == true { return "the engine was restored, and what it runs is not known" }
        if lease.watchdog.driver == ArmedWatchdog.soft, resource.watchdog?.soft != true {
            return "its watchdog is softdog, which counts only where fleet.lua says watchdog = { soft = true }"
        }
        return nil
    }

    /// Stops the acknowledgements below the engine: the next heartbeat is a turn, and ends this wait.
    mutating func beginLeaseRung(_ id: LadderID, _ rung: FenceRung, now: Now) {
        guard let ladder = ladders[id], let lease = world.resources[ladder.resource]?.lease else { return }
        world.touch(ladder.resource)
        let needed = lease.timeout + world.general.settings.leaseMargin + 10_000
        let deadline = now.monotonic.advanced(by: rung.timeout ?? max(needed, timeout(of: rung)))
        ladders[id]?.touchesTold = touchesTold
        ladders[id]?.deadline = deadline
    }

    /// When the lease of a machine that is waited for has run out; nil while nobody can say. An earlier engine, or this one before it
    /// stalled, may have acknowledged up to its last moment: a full lease counts from there.
    func leaseEnd(_ ladder: Ladder, now: Moment) -> Moment? {
        guard ladder.rung?.kind == .lease, let lease = world.resources[ladder.resource]?.lease, let listeningSince else { return nil }
        let last = lastAcknowledged(ladder.resource, at: now).map { max($0, listeningSince) } ?? listeningSince
        return last.advanced(by: lease.timeout + world.general.settings.leaseMargin)
    }

    /// Looks whether a lease rung has its evidence.
    mutating func watchLeaseRung(_ id: LadderID, now: Now) {
        guard let ladder = ladders[id], let rung = ladder.rung, let resource = world.resources[ladder.resource], let lease = resource.lease
        else { return }
        if let error = staleness(of: ladder) {
            tellFailed(ladder, error, now: now)
            return endLadder(id, .failure(error), now: now)
        }
        if let reason = leaseObjection(resource, epoch: ladder.epoch) {
            return rungFailed(id, rung, MusterError(.wrongState, reason, subject: resource.id.rawValue), now: now)
        }
        // The engine may have begun to listen anew meanwhile, and with it the lease.
        if rung.timeout == nil, let end = leaseEnd(ladder, now: now.monotonic) {
            ladders[id]?.deadline = max(ladder.deadline ?? end, end.advanced(by: 10_000))
        }
        // What the tracker acknowledged before it was told is known; after that it acknowledges nothing.
        guard touchesTold > ladder.touchesTold, let end = leaseEnd(ladder, now: now.monotonic), now.monotonic >= end else { return }
        expire(id, resource, lease, now: now)
    }

    private mutating func expire(_ id: LadderID, _ resource: Resource, _ lease: WatchdogLease, now: Now) {
        guard let ladder = ladders[id] else { return }
        let last = lastAcknowledged(resource.id, at: now.monotonic).map { "for \(Quantity.people(milliseconds: now.monotonic - $0))" }
        let detail =
            "its watchdog \(lease.watchdog.driver) resets it after \(lease.watchdog.seconds) s, and no heartbeat was acknowledged "
            + (last ?? "since this engine began")
        var evidence = record(.expired, resource.id, epoch: ladder.epoch, detail: detail, now: now)
        evidence.bootID = lease.bootID
        world.put(evidence)
        var resource = resource
        resource.liveness = .unknown
        resource.startingSince = nil
        resource.boot = nil
        resource.failure = resource.failure ?? Failure(silence: 0, at: now.wall)
        resource.failure?.held = nil
        resource.failure?.fenced = evidence.id
        world.put(resource)
        fenced(resource, evidence, now: now)
    }
}

// Acknowledgements: what keeps a machine alive.
extension Engine {
    /// When a heartbeat of a machine was last acknowledged, by whomever, in any of its boots; nil when this process knows of none.
    func lastAcknowledged(_ id: ResourceID, at now: Moment) -> Moment? {
        var last = trackers[id]?.acknowledged
        if case .told(let from, let every) = trackers[id]?.hearing, now >= from {
            let told = from.advanced(by: (now - from) / every * every)
            last = last.map { max($0, told) } ?? told
        }
        // What ends below the engine is acknowledged there.
        guard let below = watching.heartbeats?.lastHeard(id) else { return last }
        return last.map { max($0, below) } ?? below
    }

    /// A heartbeat of a machine is answered `ok`.
    mutating func acknowledges(_ id: ResourceID, now: Now) { trackers[id, default: Tracker()].acknowledged = now.monotonic }

    /// Notes the acknowledgements of a machine that was told to beat, before it is told otherwise.
    mutating func keepAcknowledgements(_ id: ResourceID, at now: Moment) {
        guard case .told = trackers[id]?.hearing else { return }
        let last = lastAcknowledged(id, at: now)
        trackers[id]?.acknowledged = last
    }

    /// Takes what a heartbeat says of its watchdog for its boot's lease.
    mutating func reportedLease(_ heartbeat: Heartbeat, _ resource: inout Resource) {
        guard let epoch = resource.boot?.epoch else { return }
        let lease = heartbeat.watchdog.map { WatchdogLease($0, bootID: heartbeat.bootID, epoch: epoch) }
        guard resource.lease != lease else { return }
        resource.lease = lease
        world.put(resource)
    }

    /// Whether a living machine that somebody ordered to be fenced is being waited for: it is told to reset, and not acknowledged.
    func isWaitedOut(_ id: ResourceID) -> Bool {
        ladders.of(id).contains { $0.ladder.rung?.kind == .lease && $0.ladder.wasAlive }
    }

    /// A machine whose lease is waited for was heard and acknowledged: it lives, and who ordered its fence looks again.
    mutating func endLeaseRungs(of id: ResourceID, now: Now) {
        for (ladder, state) in ladders.of(id) where state.rung?.kind == .lease {
            guard let error = staleness(of: state) else { continue }
            tellFailed(state, error, now: now)
            endLadder(ladder, .failure(error), now: now)
        }
    }
}
