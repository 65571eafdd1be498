import MusterCore

/// A step whose order waits.
struct HeldOrder: Sendable, Hashable {
    var run: RunID
    var address: String
}

// No action on stale knowledge (design, rule 4): a run that goes on after hours must not switch off a machine that came back meanwhile.
extension Engine {
    /// Whether an order to switch off rests on a silence that an earlier engine heard some time ago. This one listens first: a machine that
    /// lives is heard, which makes the order stale. A failure that is as new as it takes to detect one is acted on at once.
    func mustListenFirst(_ call: EffectCall) -> Bool {
        guard Self.powerOffSteps.contains(call.step.name), let id = resourceID(call.arguments), let failure = world.resources[id]?.failure,
            failure.fenced == nil, trackers[id]?.silentSince == nil
        else { return false }
        let detection = world.general.settings.failedAfter
        let age = call.now.wall.milliseconds - failure.at.milliseconds
        if (0...detection).contains(age) || trackers[id]?.reading == .off { return false }
        guard networkUp, let listeningSince else { return true }
        return call.now.monotonic - listeningSince < detection
    }

    /// Gives the held orders for which the engine has listened long enough, or refuses them.
    mutating func giveHeldOrders(now: Now) {
        for held in heldOrders.sorted(by: { ($0.run, $0.address) < ($1.run, $1.address) }) {
            guard let step = world.steps[held.run]?[held.address], step.outcome == nil, let run = world.runs[held.run],
                let effect = Effects.catalog[step.name]
            else {
                heldOrders.remove(held)
                continue
            }
            if mustListenFirst(EffectCall(run: run, step: step, isInDoubt: true, now: now)) { continue }
            heldOrders.remove(held)
            perform(effect, step, run, isInDoubt: true, now: now)
        }
    }
}
