import MusterCore

/// Whose controller is to be read, and when: those in doubt before the others, then those that have waited longest.
struct PollOrder: Sendable {
    var urgent = DueQueue<ResourceID>()
    var regular = DueQueue<ResourceID>()
    /// Whose answer is outstanding.
    var asking: Set<ResourceID> = []

    /// How many controllers are polled at once: a thousand silent ones must not keep a fence waiting for a thread.
    static let atOnce = 128

    mutating func remove(_ id: ResourceID) {
        urgent.remove(id)
        regular.remove(id)
    }

    mutating func take(now: Moment) -> ResourceID? {
        guard asking.count < Self.atOnce else { return nil }
        return urgent.pop(dueBy: now.milliseconds) ?? regular.pop(dueBy: now.milliseconds)
    }

    /// When the next is due; nil when none is, or none may be asked before an answer comes.
    var next: Int64? {
        guard asking.count < Self.atOnce else { return nil }
        return [urgent.next, regular.next].compactMap { $0 }.min()
    }
}

extension Engine {
    /// Sets when a machine's power is to be read next.
    mutating func schedulePoll(_ id: ResourceID) {
        polls.remove(id)
        guard let resource = world.resources[id], resource.isSwitched, !polls.asking.contains(id) else { return }
        let isUrgent = resource.liveness == .silent || resource.startingSince != nil
        // An agent is a program: too much for a question that nothing hangs on.
        guard isUrgent || watching.pollsWellMachines && resource.switchingAgent == nil else { return }
        let settings = world.general.settings
        let asked = trackers[id]?.asked
        let due = asked.map { $0.milliseconds + (isUrgent ? settings.powerPollUrgent : settings.powerPoll) } ?? .min
        if isUrgent { polls.urgent.set(id, at: due) } else { polls.regular.set(id, at: due) }
    }

    /// A controller answered, or did not in time.
    mutating func pollEnded(_ id: ResourceID) {
        if polls.asking.remove(id) != nil { schedulePoll(id) }
    }

    /// Asks the controllers that are due; sooner while a machine is in doubt.
    mutating func pollPower(now: Now) {
        while let id = polls.take(now: now.monotonic) {
            guard let control = world.resources[id].flatMap(control) else { continue }
            trackers[id, default: Tracker()].asked = now.monotonic
            polls.asking.insert(id)
            begin(.readPower(id, control, asked: now.monotonic), for: .engine)
        }
    }
}
