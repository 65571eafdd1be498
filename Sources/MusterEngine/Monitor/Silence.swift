import MusterCore

// Silence: who has not been heard of, for how long, and whether the engine may believe it (design, rule 6).
extension Engine {
    /// One turn of the watch. Call it several times a second.
    public mutating func tick(now: Now) {
        doubtItself(now: now)
        for id in world.resources.keys.sorted() { watch(id, now: now) }
        releaseHeld(now: now)
        pollPower(now: now)
        cutLeftovers(now: now)
        fireTimers(now: now)
        wakeSleepers(now: now)
        review(now: now)
    }

    /// The machines' network came or went: its absence makes every silence count anew.
    public mutating func network(isUp: Bool, now: Now) {
        guard isUp != networkUp else { return }
        networkUp = isUp
        listeningSince = now.monotonic
        emit(isUp ? "engine.network_up" : "engine.network_down", now: now)
    }

    /// A start or a stall of the loop makes silence count anew: what the engine did not listen to says nothing.
    private mutating func doubtItself(now: Now) {
        let settings = world.general.settings
        if let lastTick {
            let gap = now.monotonic - lastTick
            if gap > settings.stallAfter {
                listeningSince = now.monotonic
                emit("engine.stalled", data: ["milliseconds": .int(gap)], now: now)
            }
        } else {
            listeningSince = now.monotonic
            quietUntil = now.monotonic.advanced(by: settings.quietTime)
            emit("engine.started", now: now)
        }
        lastTick = now.monotonic
    }

    /// Milliseconds for which a machine has been silent while the engine listened; nil when that says nothing.
    func silence(of resource: Resource, now: Now) -> Int64? {
        guard resource.liveness != .unknown, networkUp, let listeningSince else { return nil }
        let heard = trackers[resource.id]?.heard
        return now.monotonic - max(heard ?? listeningSince, listeningSince)
    }

    private mutating func watch(_ id: ResourceID, now: Now) {
        guard var resource = world.resources[id], resource.failure == nil else { return }
        let settings = world.general.settings
        if let since = resource.startingSince {
            let age = now.wall.milliseconds - since.milliseconds
            if age > settings.startTimeout { startTimedOut(resource, age: age, now: now) }
            return
        }
        guard let silence = silence(of: resource, now: now) else { return }
        if silence >= settings.suspectAfter, resource.liveness == .alive {
            resource.liveness = .silent
            world.put(resource)
            emit("resource.suspect", resource: id, data: ["silence": .int(silence)], now: now)
        }
        guard resource.liveness == .silent else { return }
        let seenOff = wasSeenOffSinceHeard(id)
        if silence >= settings.failedAfter || seenOff { declareFailed(resource, silence: silence, now: now) }
    }

    /// Whether the controller said off after the machine was last heard: the second witness.
    func wasSeenOffSinceHeard(_ id: ResourceID) -> Bool {
        guard let tracker = trackers[id], tracker.reading == .off, let readAt = tracker.readAt else { return false }
        return tracker.heard.map { readAt > $0 } ?? true
    }

    private mutating func startTimedOut(_ resource: Resource, age: Int64, now: Now) {
        var resource = resource
        resource.startingSince = nil
        world.put(resource)
        emit("resource.start_timeout", resource: resource.id, data: ["milliseconds": .int(age)], now: now)
        if world.aliveClaim(on: resource.id) != nil { declareFailed(resource, silence: age, now: now) }
    }

    private mutating func declareFailed(_ resource: Resource, silence: Int64, now: Now) {
        // Within the quiet time after a start nothing is declared; the next turns look again.
        if let quietUntil, now.monotonic < quietUntil { return }
        // A machine that was told to stop, or is being switched off, falls silent as it should.
        if let claim = world.aliveClaim(on: resource.id), world.servers[claim.server]?.target == .stopped { return }
        if isFencing(resource.id) { return }
        var resource = resource
        resource.failure = Failure(silence: silence, at: now.wall, held: reasonToHold(resource, now: now))
        world.put(resource)
        if let reason = resource.failure?.held {
            emit("resource.held", resource: resource.id, data: ["reason": .string(reason), "silence": .int(silence)], now: now)
        } else {
            emit("resource.failed", resource: resource.id, data: ["silence": .int(silence)], now: now)
        }
    }

    /// Why a failure must not be acted on now.
    private func reasonToHold(_ resource: Resource, now: Now) -> String? {
        if !world.general.armed { return "disarmed" }
        return isIsolated(now: now) && !wasSeenOffSinceHeard(resource.id) ? "isolated" : nil
    }

    /// Many silent at once: more likely the engine lost them than that they died together.
    private func isIsolated(now: Now) -> Bool {
        let settings = world.general.settings
        let watched = world.resources.values.filter { $0.liveness != .unknown }
        let silent = watched.filter { $0.liveness == .silent && ($0.failure?.fenced == nil) }
        return silent.count >= settings.isolationCount
            && Double(silent.count) > settings.isolationShare * Double(watched.count)
    }

    /// Looks again at the failures that were held.
    mutating func releaseHeld(now: Now) {
        let held = world.resources.values.filter { $0.failure?.held != nil }
        for resource in held.sorted(by: { $0.id < $1.id }) {
            let reason = reasonToHold(resource, now: now)
            guard reason != resource.failure?.held else { continue }
            var resource = resource
            resource.failure?.held = reason
            world.put(resource)
            if reason == nil {
                emit(
                    "resource.failed", resource: resource.id, data: ["silence": .int(resource.failure?.silence ?? 0)],
                    now: now)
            }
        }
    }
}
