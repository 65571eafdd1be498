import MusterCore

// Silence: who has not been heard of, for how long, and whether the engine may believe it (design, rule 6).
extension Engine {
    /// One turn of the watch. Call it several times a second, or when `nextDeadline` says so.
    public mutating func tick(now: Now) {
        world.hasChanged = false
        doubtItself(now: now)
        tellOfRoom(now: now)
        takeSilences(now: now)
        lookAround(now: now)
        pollPower(now: now)
        endFlaps(now: now)
        cutLeftovers(now: now)
        watchLadders(now: now)
        watchChecks(now: now)
        settleRestore(now: now)
        endPlanned(now: now)
        fireTimers(now: now)
        wakeSleepers(now: now)
        startDelayed(now: now)
        forgetOldKeys(now: now)
        giveHeldOrders(now: now)
        review(now: now)
    }

    /// The machines' network came or went: its absence makes every silence count anew.
    public mutating func network(isUp: Bool, now: Now) {
        guard isUp != networkUp else { return }
        networkUp = isUp
        listeningSince = now.monotonic
        world.changed.formUnion(world.resourceOrder)
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
        let heard = heard(resource.id, at: now.monotonic)
        return now.monotonic - max(heard ?? listeningSince, listeningSince)
    }

    mutating func suspect(_ id: ResourceID, now: Now) {
        guard var resource = world.resources[id], resource.failure == nil, resource.startingSince == nil, resource.liveness == .alive,
            let silence = silence(of: resource, now: now), silence >= world.general.settings.suspectAfter
        else { return }
        resource.liveness = .silent
        world.put(resource)
        trackers[id, default: Tracker()].silentSince = now.monotonic
        emit("resource.suspect", resource: id, data: ["silence": .int(silence)], now: now)
        if let hypervisor = resource.hypervisor { lookAtGuests(of: hypervisor, now: now) }
    }

    mutating func watch(_ id: ResourceID, isIsolated: Bool, now: Now) {
        guard let resource = world.resources[id], resource.failure == nil else { return }
        let settings = world.general.settings
        if let since = resource.startingSince {
            if wentOffAgain(resource, now: now) {
                var resource = resource
                resource.startingSince = nil
                return declareFailed(resource, silence: 0, isIsolated: isIsolated, now: now)
            }
            if let age = startAge(id, since: since, now: now), age > settings.startTimeout {
                startTimedOut(resource, age: age, isIsolated: isIsolated, now: now)
            }
            return
        }
        guard resource.liveness == .silent, let silence = silence(of: resource, now: now) else { return }
        let seenOff = wasSeenOffSinceHeard(id, now: now)
        if silence >= settings.failedAfter || seenOff { declareFailed(resource, silence: silence, isIsolated: isIsolated, now: now) }
    }

    /// Milliseconds for which a machine has been starting while the engine listened, by the clock that nobody sets; nil when nothing
    /// can be said now.
    mutating func startAge(_ id: ResourceID, since: Timestamp, now: Now) -> Int64? {
        guard networkUp, let listeningSince else { return nil }
        if trackers[id]?.starting?.since != since { trackers[id, default: Tracker()].starting = (since, now.monotonic) }
        guard let seen = trackers[id]?.starting?.seen else { return nil }
        return now.monotonic - max(seen, listeningSince)
    }

    /// Whether the controller said off after the machine was last heard: the second witness.
    func wasSeenOffSinceHeard(_ id: ResourceID, now: Now) -> Bool {
        guard let tracker = trackers[id], tracker.reading == .off, let readAt = tracker.readAt else { return false }
        return heard(id, at: now.monotonic).map { readAt > $0 } ?? true
    }

    /// Whether a machine that was starting, with a server to run, is off again and nobody is switching it on: it will not report.
    mutating func wentOffAgain(_ resource: Resource, now: Now) -> Bool {
        let id = resource.id
        guard let since = resource.startingSince, startAge(id, since: since, now: now) != nil, world.aliveClaim(on: id) != nil,
            let tracker = trackers[id], tracker.reading == .off, let readAt = tracker.readAt, let seen = tracker.starting?.seen,
            readAt > seen
        else { return false }
        return !isPoweringOn(id)
    }

    private mutating func startTimedOut(_ resource: Resource, age: Int64, isIsolated: Bool, now: Now) {
        if isQuiet(now) || isFencing(resource.id) { return }
        var resource = resource
        resource.startingSince = nil
        world.put(resource)
        emit("resource.start_timeout", resource: resource.id, data: ["milliseconds": .int(age)], now: now)
        if world.aliveClaim(on: resource.id) != nil { declareFailed(resource, silence: age, isIsolated: isIsolated, now: now) }
    }

    /// Within the quiet time after a start nothing is declared; the next turns look again.
    private func isQuiet(_ now: Now) -> Bool { quietUntil.map { now.monotonic < $0 } ?? false }

    private mutating func declareFailed(_ resource: Resource, silence: Int64, isIsolated: Bool, now: Now) {
        if isQuiet(now) { return }
        // A machine that was told to stop, or is being switched off, falls silent as it should.
        if let claim = world.aliveClaim(on: resource.id), world.servers[claim.server]?.target == .stopped { return }
        if isFencing(resource.id) { return }
        var resource = resource
        resource.failure = Failure(silence: silence, at: now.wall, held: reasonToHold(resource, isIsolated: isIsolated, now: now))
        world.put(resource)
        if let reason = resource.failure?.held {
            emit("resource.held", resource: resource.id, data: ["reason": .string(reason), "silence": .int(silence)], now: now)
        } else {
            raiseFailure(of: resource.id, silence: silence, now: now)
        }
    }

    /// Calls again for what could not be done about a machine before, when nobody works for its server: its controller answers again or
    /// reads off, or failovers are armed. A failed one that nobody has fenced is told again, and so is a server that should be stopped.
    mutating func callAgain(_ id: ResourceID, now: Now) {
        guard let claim = world.aliveClaim(on: id), let server = world.servers[claim.server], responsibleRun(for: server.id) == nil,
            !isFencing(id)
        else { return }
        if server.target == .stopped {
            emit("server.unwanted", server: server.id, data: ["why": "its machine's controller answers again or reads off"], now: now)
        } else if world.general.armed, let failure = world.resources[id]?.failure, failure.held == nil, failure.fenced == nil {
            raiseFailure(of: id, silence: failure.silence, now: now)
        }
    }

    private mutating func raiseFailure(of id: ResourceID, silence: Int64, now: Now) {
        countFailure(of: id, now: now)
        emit("resource.failed", resource: id, data: ["silence": .int(silence)], now: now)
        guard let claim = world.aliveClaim(on: id) else { return }
        let error = MusterError("machine_failed", "\(id) failed before \(claim.server) was ready on it", subject: id.rawValue)
        endReadyWaits(for: claim.server, because: error, now: now)
    }

    /// Why a failure must not be acted on now.
    private func reasonToHold(_ resource: Resource, isIsolated: Bool, now: Now) -> String? {
        if !world.general.armed { return "disarmed" }
        return isIsolated && !wasSeenOffSinceHeard(resource.id, now: now) ? "isolated" : nil
    }

    /// Many that fell silent at once: more likely the engine lost them than that they died together. Those whose failure was raised
    /// longer than the detection time ago are no part of it.
    func isIsolated(now: Now) -> Bool {
        let (settings, doubts) = (world.general.settings, world.doubts)
        guard doubts.silent + doubts.raised.count >= settings.isolationCount else { return false }
        let recent = doubts.raised.filter { trackers[$0]?.silentSince.map { now.monotonic - $0 < settings.failedAfter } ?? false }
        // A hypervisor that dies takes its guests along: that is one machine.
        let silent = doubts.silent + Set(recent.map { world.resources[$0]?.body ?? $0 }).count { !doubts.isSilent($0) }
        return silent >= settings.isolationCount && Double(silent) > settings.isolationShare * Double(doubts.watched)
    }

    /// Many came back: what was believed lost is being heard again, one machine after the other. The others have as long as any machine.
    mutating func doubtIsOver(now: Now) {
        listeningSince = now.monotonic
        world.changed.formUnion(world.resourceOrder)
    }

    /// Whether a machine that was lost with many others has been silent for long enough since, or is proven off.
    private func isSilentAnew(_ resource: Resource, now: Now) -> Bool {
        if wasSeenOffSinceHeard(resource.id, now: now) { return true }
        return silence(of: resource, now: now).map { $0 >= world.general.settings.failedAfter } ?? false
    }

    /// Looks again at the failures that were held.
    mutating func releaseHeld(isIsolated: Bool, now: Now) {
        for id in world.doubts.held.sorted() {
            guard var resource = world.resources[id], resource.failure?.held != nil else { continue }
            let reason = reasonToHold(resource, isIsolated: isIsolated, now: now)
            guard reason != resource.failure?.held else { continue }
            if resource.failure?.held == "isolated", reason == nil, !isSilentAnew(resource, now: now) { continue }
            resource.failure?.held = reason
            world.put(resource)
            if reason == nil { raiseFailure(of: id, silence: resource.failure?.silence ?? 0, now: now) }
        }
    }
}
