import MusterCore

// Calls that record something: done in the same batch, so never in doubt.
extension Effects {
    static let notes: [(String, Effect)] = [
        ("log", .change { _, _ in .null }),
        (
            "events.emit",
            .change { engine, call in
                let key = call.argument(2)["key"]
                guard key.isNull || key.string != nil else {
                    throw MusterError(.badArgument, "events.emit: the key \(key.json) is not a text", hint: "{ key = \"order-17\" }")
                }
                let id = try engine.emitUser(
                    try call.text(0, "an event name"), call.argument(1).object ?? [:], key: key.string, now: call.now)
                return .int(id.rawValue)
            }
        ),
        // Whoever is at the prompt sees them: the session's client asks for them.
        (
            "events.follow",
            .change { _, call in
                guard case .prompt = call.run.cause else {
                    throw MusterError(
                        .wrongState, "events.follow is for the prompt: there is nobody here to show events to",
                        hint: "react with on(…), wait with wait_for(…); in a shell: muster events --follow")
                }
                return .null
            }
        ),
        (
            "reserve.release",
            .change { engine, call in
                engine.releaseReservation(reservedNames(call.step), run: call.run.id, now: call.now)
                return .null
            }
        ),
        (
            "continue_as",
            .change { engine, call in
                guard var run = engine.world.runs[call.run.id], run.argument.object != nil else {
                    throw MusterError(.wrongState, "only a hook's run goes on as another", hint: "a script just loops")
                }
                run.continuation = call.argument(0)
                engine.world.put(run)
                return .null
            }
        ),
        // A branch came to the end of its time or memory: replay ends it at the same place.
        (
            "limit",
            .change { _, call in
                throw MusterError(MusterError.Code(rawValue: try call.text(0, "a code")), try call.text(1, "a message"))
            }
        ),
    ]
}

extension Engine {
    /// Records an event of a user's. The same key again is the same event: its number comes back, and nothing else happens. Errors:
    /// `bad_argument` for a name that is not the user's to give.
    public mutating func emitUser(_ name: String, _ data: Fields, key: String?, now: Now) throws -> EventID {
        guard name.hasPrefix("user."), name.count > 5 else {
            throw MusterError(.badArgument, "events from outside have names that begin with \"user.\"", hint: "call it \"user.\(name)\"")
        }
        if let key, let known = world.dedup[key] { return known.event }
        emit(name, data: data, now: now)
        let id = world.general.lastEvent
        if let key { world.put(Dedup(key: key, event: id, at: now.wall)) }
        return id
    }

    /// Forgets keys that are older than the setting says; once a minute is enough.
    mutating func forgetOldKeys(now: Now) {
        if let last = sweptKeys, now.monotonic - last < Self.keyPause { return }
        sweptKeys = now.monotonic
        let limit = now.wall.milliseconds - world.general.settings.dedupWindow
        for item in world.dedup.values.filter({ $0.at.milliseconds < limit }).sorted(by: { $0.key < $1.key }) {
            world.remove(dedup: item.key)
        }
        oldestKey = world.dedup.values.map(\.at).min()
    }

    /// Milliseconds between two looks at the keys.
    static let keyPause: Int64 = 60_000
}
