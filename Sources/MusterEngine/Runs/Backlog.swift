import MusterCore

// A hook's backlog: events that wait for it in the store, because it was not loaded or has too many runs waiting already. Memory stays
// bounded whatever comes, and every event gets its run in order.
extension Engine {
    func isFull(_ hook: Hook) -> Bool { (world.index.queued[hook.id]?.count ?? 0) >= world.general.settings.queueLimit }

    mutating func fallBehind(_ hook: Hook) {
        var hook = hook
        hook.isBehind = true
        world.put(hook)
        readBacklog()
    }

    /// Asks for the events after the cursors of the hooks that are behind and have room again.
    mutating func readBacklog() {
        guard !isReadingBacklog else { return }
        let room = world.general.settings.queueLimit / 2
        let hungry = world.behind.compactMap { world.hooks[$0] }.filter { $0.active && (world.index.queued[$0.id]?.count ?? 0) <= room }
        guard let cursor = hungry.map(\.cursor).min() else { return }
        isReadingBacklog = true
        actions.append(.readBacklog(after: EventID(cursor)))
    }

    /// Takes a page of the history: all events after a number, up to the page's last.
    public mutating func takeBacklog(after start: EventID, _ events: [Event], now: Now) {
        isReadingBacklog = false
        let end = events.last?.id ?? start
        for id in world.behind.sorted() {
            guard let hook = world.hooks[id], hook.active, hook.cursor >= start.rawValue, hook.cursor <= end.rawValue else { continue }
            take(events, end: end, hook, now: now)
        }
        readBacklog()
        review(now: now)
    }

    private mutating func take(_ events: [Event], end: EventID, _ hook: Hook, now: Now) {
        for event in events where event.id.rawValue > hook.cursor && hook.declaration.trigger == .event(event.name) {
            guard let current = world.hooks[hook.id] else { return }
            // The rest is read again when there is room.
            if isFull(current) { return }
            if !isFailureOfReaction(event), !rests(current) { startRun(current, event, now: now) }
        }
        guard var done = world.hooks[hook.id] else { return }
        done.cursor = max(done.cursor, end.rawValue)
        // What is not committed yet is not in the page: only a page that ends at the newest event brings it up to date.
        if end >= world.general.lastEvent { done.isBehind = nil }
        world.put(done)
    }
}
