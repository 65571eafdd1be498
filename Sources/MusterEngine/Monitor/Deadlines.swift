import MusterCore

// When a tick can have anything to do: what jumps over time jumps to there.
extension Engine {
    /// The next moment at which a tick can have anything to do, `now` when it is over already; nil while nothing waits for time. What
    /// drivers carry out and what machines do comes by its own turns. A tick may find that it came too early.
    public func nextDeadline(now: Now) -> Moment? {
        guard lastTick != nil, !world.hasChanged, world.changed.isEmpty, lookout.next.isEmpty, isStoreShort == toldStoreShort else {
            return now.monotonic
        }
        let moments: [Moment?] = [
            lookout.due.next.map { Moment(milliseconds: $0) }, polls.next.map { Moment(milliseconds: $0) }, nextRelease(now: now),
            nextCut, ladders.nextLook, nextCheck, nextSettling, nextSteady.map { moment($0, now) }, nextTimer(now: now),
            world.index.nextSleeper.map { moment($0, now) }, nextPlannedEnd.map { moment($0, now) }, nextDelayed(now: now),
            nextHeldOrder(now: now), nextKeySweep(now: now),
            watching.heartbeats?.nextSilence(after: world.general.settings.suspectAfter),
        ]
        return moments.compactMap { $0 }.min().map { max($0, now.monotonic) }
    }

    /// The loop had nothing to do and slept on purpose until a moment: the gap since its last tick is no stall, what comes after is.
    public mutating func slept(until moment: Moment) {
        if let lastTick { self.lastTick = max(lastTick, moment) }
    }

    private func moment(_ time: Timestamp, _ now: Now) -> Moment { now.monotonic.advanced(by: time.milliseconds - now.wall.milliseconds) }

    /// When failures that are held because many fell silent together may be looked at as single ones: those raised before are forgotten.
    private func nextRelease(now: Now) -> Moment? {
        guard !world.doubts.held.isEmpty else { return nil }
        let anew = listeningSince?.advanced(by: world.general.settings.failedAfter)
        let single = world.doubts.raised.compactMap { trackers[$0]?.silentSince?.advanced(by: world.general.settings.failedAfter) }
        return (single + [anew].compactMap { $0 }).filter { $0 > now.monotonic }.min()
    }

    private var nextCut: Moment? {
        world.leftovers.isEmpty ? nil : triedCuts?.advanced(by: Self.cutPause) ?? lastTick
    }

    private var nextSettling: Moment? {
        guard world.general.restored != nil, world.general.armed, unprovenMachines.isEmpty else { return nil }
        if isAskingForExports { return nil }
        return askedExports?.advanced(by: Self.settlePause) ?? lastTick
    }

    private func nextTimer(now: Now) -> Moment? {
        if isStoreShort { return nil }
        return world.hooks.values.compactMap { hook -> Moment? in
            guard hook.active, case .timer(let interval) = hook.declaration.trigger, !rests(hook) else { return nil }
            guard let last = hook.ticked else { return now.monotonic }
            if hasTimerRun(hook) { return nil }
            if now.wall < last { return now.monotonic }
            return moment(Self.due(hook.declaration, interval, after: last), now)
        }.min()
    }

    private func nextDelayed(now: Now) -> Moment? {
        let times = world.index.delayed.compactMap { world.runs[$0]?.notBefore }.filter { $0 > now.wall }
        return times.min().map { moment($0, now) }
    }

    private func nextHeldOrder(now: Now) -> Moment? {
        guard !heldOrders.isEmpty, networkUp else { return nil }
        return listeningSince.map { max($0.advanced(by: world.general.settings.failedAfter), now.monotonic) }
    }

    private func nextKeySweep(now: Now) -> Moment? {
        guard !world.dedup.isEmpty, let sweptKeys else { return nil }
        let next = sweptKeys.advanced(by: Self.keyPause)
        guard let oldestKey else { return next }
        let over = Timestamp(milliseconds: oldestKey.milliseconds + world.general.settings.dedupWindow + 1)
        return max(next, moment(over, now))
    }
}
