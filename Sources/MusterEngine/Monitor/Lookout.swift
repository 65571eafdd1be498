import MusterCore

/// Which machines the watch has to look at, and when. A machine's time is never later than it should be: a look that comes too early finds
/// nothing and sets the next.
struct Lookout: Sendable {
    var due = DueQueue<ResourceID>()
    /// To be looked at in the next turn.
    var next: Set<ResourceID> = []
    /// Those whose time is over and whom something else protects, a fence under way or a server that shall stop: looked at each turn.
    var hindered: Set<ResourceID> = []
    /// How many machines were looked at.
    var looks = 0

    mutating func soon(_ id: ResourceID) { next.insert(id) }

    /// Takes those to look at now, in order.
    mutating func take(now: Moment) -> [ResourceID] {
        var all = next.union(hindered)
        next = []
        hindered = []
        while let id = due.pop(dueBy: now.milliseconds) { all.insert(id) }
        looks += all.count
        return all.sorted()
    }
}

extension Engine {
    /// How many machines the watch has looked at since the engine began, for tests and measurements: a well machine costs none.
    public var looks: Int { lookout.looks }

    /// Looks at the machines that changed, whose time has come, or that wait for something else.
    mutating func lookAround(now: Now) {
        for id in world.changed {
            lookout.soon(id)
            schedulePoll(id)
            ladders.lookSoon(at: id)
        }
        world.changed = []
        let ids = lookout.take(now: now.monotonic)
        for id in ids { suspect(id, now: now) }
        if ids.isEmpty, world.doubts.held.isEmpty { return }
        let isIsolated = isIsolated(now: now)
        if wasIsolated, !isIsolated { doubtIsOver(now: now) }
        wasIsolated = isIsolated
        for id in byPriority(ids) {
            watch(id, isIsolated: isIsolated, now: now)
            scheduleLook(id, now: now)
        }
        releaseHeld(isIsolated: isIsolated, now: now)
    }

    /// Of machines that fail together, that of the most important server is told first.
    private func byPriority(_ ids: [ResourceID]) -> [ResourceID] {
        guard ids.count > 1 else { return ids }
        let ranked = ids.enumerated().map { index, id in
            (priority: world.aliveClaim(on: id).flatMap { world.servers[$0.server]?.priority } ?? .min, index: index, id: id)
        }
        return ranked.sorted { ($1.priority, $0.index) < ($0.priority, $1.index) }.map(\.id)
    }

    private mutating func scheduleLook(_ id: ResourceID, now: Now) {
        guard let resource = world.resources[id] else {
            lookout.due.remove(id)
            trackers[id]?.hearing = .engine
            return
        }
        guard let next = nextLook(resource, now: now) else { return lookout.due.remove(id) }
        if next > now.monotonic {
            lookout.due.set(id, at: next.milliseconds)
        } else if let quietUntil, quietUntil > now.monotonic {
            lookout.due.set(id, at: quietUntil.milliseconds)
        } else {
            lookout.hindered.insert(id)
        }
    }

    /// When the silence or the start of a machine has to be looked at again; nil when only a change gives reason to.
    private mutating func nextLook(_ resource: Resource, now: Now) -> Moment? {
        let settings = world.general.settings
        guard networkUp, let listeningSince, resource.failure == nil else { return nil }
        if let since = resource.startingSince {
            if wentOffAgain(resource, now: now) { return now.monotonic }
            return startAge(resource.id, since: since, now: now).map { now.monotonic.advanced(by: settings.startTimeout + 1 - $0) }
        }
        if resource.liveness == .unknown || resource.liveness == .alive && isHeardBelow(resource.id, now: now.monotonic) { return nil }
        if resource.liveness == .silent, wasSeenOffSinceHeard(resource.id, now: now) { return now.monotonic }
        let heard = max(heard(resource.id, at: now.monotonic) ?? listeningSince, listeningSince)
        return heard.advanced(by: resource.liveness == .alive ? settings.suspectAfter : settings.failedAfter)
    }
}
