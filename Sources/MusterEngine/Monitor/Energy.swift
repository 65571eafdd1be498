import MusterCore

/// What machines did not use because they were off.
public struct SavedEnergy: Codable, Sendable, Hashable {
    /// Watt seconds, of sleeps that are over.
    public var joules: Int64 = 0
    /// When the first of them began.
    public var since: Timestamp

    public init(since: Timestamp) { self.since = since }
}

// Energy: hours off times watts, measured where the machine's controller measures, else declared. Counted when a machine wakes, so that a
// fleet that sleeps costs nothing.
extension Resource {
    /// Watts that it would draw if it were on and waited; nil when nobody says.
    var wattsAsleep: Int64? { measuredWatts ?? wattsIdle ?? watts }

    fileprivate func joules(until now: Timestamp) -> Int64 {
        guard let asleepSince, let watts = wattsAsleep else { return 0 }
        return max(0, now.milliseconds - asleepSince.milliseconds) * watts / 1000
    }
}

extension Engine {
    /// Counts what a machine saved that is no longer asleep, and remembers when one falls asleep. To be called with each change of what
    /// is known of its power, before it is put.
    mutating func accountForSleep(_ resource: inout Resource, now: Now) {
        let isAsleep = resource.power == .off && resource.failure == nil
        guard isAsleep != (resource.asleepSince != nil) else { return }
        if isAsleep {
            resource.asleepSince = now.wall
            resource.measuredWatts = trackers[resource.id]?.meter?.waiting ?? resource.measuredWatts
            if resource.wattsAsleep != nil, world.general.energy == nil { world.update { $0.energy = SavedEnergy(since: now.wall) } }
        } else {
            add(resource.joules(until: now.wall), now)
            resource.asleepSince = nil
        }
    }

    /// Counts what a machine has saved so far, whose watts are about to change.
    mutating func settleSleep(_ resource: inout Resource, now: Now) {
        guard resource.asleepSince != nil else { return }
        add(resource.joules(until: now.wall), now)
        resource.asleepSince = now.wall
    }

    private mutating func add(_ joules: Int64, _ now: Now) {
        guard joules > 0 else { return }
        world.update {
            $0.energy = {
                var energy = $0; energy.joules += joules; return energy
            }($0.energy ?? SavedEnergy(since: now.wall))
        }
    }

    /// What `status` says: of machines whose watts are known, and of those that are measured now. Null when there are none.
    func energyValue(now: Now) -> Value {
        let known = world.resources.values.filter { wattsWaiting($0) != nil }
        let draws = world.resources.keys.compactMap(draw)
        guard !known.isEmpty || !draws.isEmpty else { return .null }
        let asleep = known.filter { $0.asleepSince != nil }
        let joules = asleep.reduce(world.general.energy?.joules ?? 0) { $0 + $1.joules(until: now.wall) }
        var fields: Fields = [
            "machines": .int(Int64(known.count)), "asleep": .int(Int64(asleep.count)),
            "watts_saved": .int(asleep.reduce(0) { $0 + ($1.wattsAsleep ?? 0) }),
            "kwh_saved": .double((Double(joules) / 36_000).rounded() / 100),
            "measured": .int(Int64(draws.count)),
        ]
        if !draws.isEmpty { fields["watts_now"] = .int(draws.reduce(0, +)) }
        fields["since"] = (world.general.energy?.since ?? asleep.compactMap(\.asleepSince).min()).map { .int($0.milliseconds) }
        return .object(fields)
    }
}
