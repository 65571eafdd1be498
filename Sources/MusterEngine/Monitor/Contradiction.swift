import MusterCore

// A machine that speaks while its controller reads off: the controller is another machine's, or lies. What it says is evidence of nothing, and
// what it is told befalls somebody else.
extension Engine {
    /// Whether a machine was heard so long after the first reading of off that it was on then. What was on its way is not counted.
    func wasHeard(_ id: ResourceID, after off: Moment, now: Now) -> Bool {
        let last = [heard(id, at: now.monotonic), trackers[id]?.spoke].compactMap { $0 }.max()
        return last.map { $0 - off > 2 * world.general.settings.heartbeat } ?? false
    }

    /// Whether a machine went on after its controller had begun to read off. A reading of on, or another boot, ends that.
    func isContradicted(_ id: ResourceID, now: Now) -> Bool {
        trackers[id]?.offSince.map { wasHeard(id, after: $0, now: now) } ?? false
    }

    /// What a host's controller, or the agent that stands for it, is told as long as its machine contradicts it; nil when it does not.
    func contradiction(_ resource: Resource, now: Now) -> MusterError? {
        guard resource.hypervisor == nil, let control = control(of: resource), isContradicted(resource.id, now: now) else { return nil }
        return MusterError(
            .bmcContradicted,
            "\(resource.id) spoke after its \(control.words) had begun to read off: that is another machine's, or lies",
            hint: "correct its address in fleet.lua or its cabling; it is believed again once it reads on", subject: resource.id.rawValue)
    }

    /// The same for a rung that goes by that controller.
    func contradiction(_ rung: FenceRung, _ resource: Resource, now: Now) -> MusterError? {
        let isControl =
            switch rung.kind {
            case .bmc: resource.bmc != nil
            case .agent: resource.switchingAgent != nil && resource.switchingAgent == rung.agent
            default: false
            }
        return isControl ? contradiction(resource, now: now) : nil
    }
}
