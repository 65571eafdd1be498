import MusterCore

// What is heard after a hypervisor was read off speaks against one of both: of the hypervisor itself, against the reading; of a guest, against
// the belief that it is there. Somebody moved it by hand before the hypervisor went off, and no reading of that one is evidence about it.
extension Engine {
    /// Remembers the guests of a hypervisor that went on without it.
    mutating func noteOutliving(_ hypervisor: ResourceID, now: Now) {
        guard world.hasGuests, let off = trackers[hypervisor]?.offSince, !isContradicted(hypervisor, now: now),
            !Mutation.outlivingForgotten.isActive
        else { return }
        for id in world.guests(of: hypervisor) where world.resources[id]?.strayed != true && wasHeard(id, after: off, now: now) {
            let error = MusterError(
                .guestAbsent, "\(hypervisor) is off, and \(id) was heard after that: it was moved by hand",
                hint:
                    "declare the hypervisor that it runs on once it is off; should it hang, destroy it there; then: muster fence \(id) --confirm-off",
                subject: id.rawValue)
            powerRead(id, asked: now.monotonic, .failure(error), now: now)
        }
    }
}
