import MusterCore

// What people do on purpose, and for how long: no failovers, machines out of use.
extension Engine {
    /// The longest time after which something may end by itself.
    private static let longest: Int64 = 30 * 86_400_000

    /// When something ends that begins now. Errors: `bad_argument` for a length that is none, or longer than 30 days.
    public func end(after length: Int64, now: Now) throws -> Timestamp {
        guard (1...Self.longest).contains(length) else {
            throw MusterError(.badArgument, "\(length) ms is no length of time for this", hint: "up to 30 days: \"2h\"")
        }
        return Timestamp(milliseconds: now.wall.milliseconds + length)
    }

    /// Lets failovers happen, or not; without them until a time when one is given, else until they are armed again.
    public mutating func arm(_ armed: Bool, until end: Timestamp? = nil, operatorName: String, now: Now) {
        let end = armed ? nil : end
        guard world.general.armed != armed || world.general.disarmedUntil != end else { return }
        let isChanged = world.general.armed != armed
        world.update {
            $0.armed = armed
            $0.disarmedUntil = end
        }
        var data: Fields = ["operator": .string(operatorName)]
        data["until"] = end.map { .int($0.milliseconds) }
        emit(armed ? "engine.armed" : "engine.disarmed", data: data, now: now)
        if isChanged {
            releaseHeld(isIsolated: isIsolated(now: now), now: now)
            for id in world.doubts.raised.sorted() { callAgain(id, now: now) }
        }
        review(now: now)
    }

    /// Takes a machine out of use or returns it; out of use until a time when one is given, else until it is returned.
    public mutating func setMode(_ mode: Mode, of id: ResourceID, until end: Timestamp? = nil, now: Now) throws {
        guard var resource = world.resources[id] else { throw unknownResource(id.rawValue) }
        let end = mode == .maintenance ? end : nil
        guard resource.mode != mode || resource.maintenanceUntil != end else { return }
        resource.mode = mode
        resource.maintenanceUntil = end
        giveNewChances(id)
        world.put(resource)
        emit(
            mode == .maintenance ? "resource.maintenance" : "resource.active", resource: id,
            data: end.map { ["until": .int($0.milliseconds)] } ?? [:], now: now)
        steady(id, now: now)
        review(now: now)
    }

    /// Ends what was meant to last until now.
    mutating func endPlanned(now: Now) {
        if let end = world.general.disarmedUntil, now.wall >= end { arm(true, operatorName: "the end of its time", now: now) }
        while let id = world.takeMaintenanceOver(now.wall) { try? setMode(.active, of: id, now: now) }
    }

    /// When the next of that ends.
    var nextPlannedEnd: Timestamp? {
        [world.general.disarmedUntil, world.nextMaintenanceEnd].compactMap { $0 }.min()
    }
}
