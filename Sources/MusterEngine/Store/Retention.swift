import MusterCore

/// How far back history is kept. What live objects need is no history, whatever its age.
public struct Retention: Sendable, Hashable {
    /// Events, ended claims and used evidence from before this may be forgotten.
    public var eventsBefore: Timestamp
    /// Events after this one wait for a hook, whatever their age.
    public var lastEvent: EventID
    /// Runs that ended before this may be forgotten, with their journals.
    public var runsBefore: Timestamp
    /// The code that the engine holds: the next run may begin with it without storing it again.
    public var code: Set<String>
    /// What is dated later was written while the clock was wrong: its time says nothing about its age.
    public var now: Timestamp

    public init(eventsBefore: Timestamp, lastEvent: EventID, runsBefore: Timestamp, code: Set<String>, now: Timestamp) {
        self.eventsBefore = eventsBefore
        self.lastEvent = lastEvent
        self.runsBefore = runsBefore
        self.code = code
        self.now = now
    }
}

/// How much a store forgot, in rows, and the bytes that it gave back to the file system.
public struct Forgotten: Sendable, Hashable {
    public var events = 0
    public var runs = 0
    public var steps = 0
    public var claims = 0
    public var evidence = 0
    public var code = 0
    public var bytes: Int64 = 0
    public init() {}
}

extension Store {
    /// A store without history forgets nothing.
    public func forget(_ retention: Retention) async throws -> Forgotten { Forgotten() }
}

extension EngineLoop {
    /// Lets the store forget what is older than the settings say, in slices that keep no commit waiting. Call it now and then.
    public func forgetHistory() async throws -> Forgotten {
        let retention = try await turn { engine, now in engine.retention(now: now) }
        return try await store.forget(retention)
    }
}

extension Engine {
    /// What may be forgotten now. Hooks whose files have been away for longer than events are kept are forgotten here, with an event:
    /// the events that wait for the others stay.
    public mutating func retention(now: Now) -> Retention {
        let settings = world.general.settings
        let eventsBefore = now.wall.milliseconds - settings.keepEvents
        for hook in world.hooks.values.sorted(by: { $0.id < $1.id }) where !hook.active {
            // One that went away while the clock was wrong counts from now.
            guard let away = hook.away, away <= now.wall else {
                var known = hook
                known.away = now.wall
                world.put(known)
                continue
            }
            if away.milliseconds < eventsBefore { forget(hook, now: now) }
        }
        world.forgetUnusedCode()
        let waiting = world.hooks.values.filter { $0.declaration.trigger.isEvent && (!$0.active || $0.isBehind == true) }
        return Retention(
            eventsBefore: Timestamp(milliseconds: eventsBefore),
            lastEvent: waiting.map { EventID($0.cursor) }.min() ?? world.general.lastEvent,
            runsBefore: Timestamp(milliseconds: now.wall.milliseconds - settings.keepRuns), code: Set(world.code.keys),
            now: now.wall)
    }

    private mutating func forget(_ hook: Hook, now: Now) {
        world.remove(hook.id)
        emit(
            "hook.forgotten",
            data: [
                "hook": .string(hook.id.rawValue), "file": .string(hook.file),
                "after": hook.declaration.trigger.isEvent ? .int(hook.cursor) : .null,
            ],
            now: now)
    }
}

extension HookDeclaration.Trigger {
    fileprivate var isEvent: Bool { if case .event = self { true } else { false } }
}
