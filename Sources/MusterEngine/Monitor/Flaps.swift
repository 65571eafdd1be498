import MusterCore

// Machines that fail again and again: they are chosen after all others, so that a server is not thrown to and fro.
extension Engine {
    /// Counts a failure that was declared.
    mutating func countFailure(of id: ResourceID, now: Now) {
        guard var resource = world.resources[id] else { return }
        let settings = world.general.settings
        let at = resource.failure?.at ?? now.wall
        // The same failure may be told again.
        if resource.failures?.last == at { return }
        let recent = (resource.failures ?? []).filter { (0..<settings.flapsWithin).contains(at.milliseconds - $0.milliseconds) }
        resource.failures = Array((recent + [at]).suffix(settings.mostFlaps))
        let begins = resource.isFlapping != true && resource.failures?.count == settings.mostFlaps
        if begins { resource.isFlapping = true }
        world.put(resource)
        if begins {
            emit(
                "resource.flapping", resource: id,
                data: ["failures": .int(Int64(settings.mostFlaps)), "within": .int(settings.flapsWithin)], now: now)
        }
    }

    /// Ends the flapping of machines that have not failed for long enough.
    mutating func endFlaps(now: Now) {
        for id in world.flapping.sorted() {
            if let end = flapsUntil(id), end <= now.wall { steady(id, now: now) }
        }
    }

    /// It is as good as others again: by time, or since somebody has looked after it.
    mutating func steady(_ id: ResourceID, now: Now) {
        guard var resource = world.resources[id], resource.failures != nil || resource.isFlapping == true else { return }
        let ends = resource.isFlapping == true
        (resource.failures, resource.isFlapping) = (nil, nil)
        world.put(resource)
        if ends { emit("resource.steady", resource: id, now: now) }
    }

    private func flapsUntil(_ id: ResourceID) -> Timestamp? {
        world.resources[id]?.failures?.last.map { Timestamp(milliseconds: $0.milliseconds + world.general.settings.flapsWithin) }
    }

    /// When the first machine's flapping ends.
    var nextSteady: Timestamp? { world.flapping.compactMap(flapsUntil).min() }
}
