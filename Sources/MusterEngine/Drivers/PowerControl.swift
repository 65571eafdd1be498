import MusterCore

/// By what a machine's power is read and switched.
public enum PowerControl: Sendable, Hashable {
    /// A host's management controller.
    case bmc(BMC)
    /// The hypervisor of a virtual machine.
    case hypervisor(Guest)
    /// The fence agent of a host that has no controller.
    case agent(FenceAgent)

    /// How people call it, after "its".
    public var words: String {
        switch self {
        case .bmc: "BMC"
        case .hypervisor: "hypervisor"
        case .agent(let agent): "agent \(agent.program)"
        }
    }
}

extension Resource {
    /// The agent that switches a host without a BMC: the first one of its ladder.
    var switchingAgent: FenceAgent? { bmc == nil && kind == .host ? ladder.lazy.compactMap(\.agent).first : nil }

    /// Whether anything can switch it from afar.
    public var isSwitched: Bool { bmc != nil || hypervisor != nil || switchingAgent != nil }
}

extension Engine {
    /// By what a machine's power is read; nil when nothing can.
    public func control(of resource: Resource) -> PowerControl? {
        if let hypervisor = resource.hypervisor {
            return .hypervisor(Guest(resource, of: hypervisor, at: world.resources[hypervisor]?.address))
        }
        return resource.bmc.map { .bmc($0) } ?? resource.switchingAgent.map { .agent($0) }
    }

    /// The same for an order. One to a hypervisor has a number, by which it is known as older than the next one. Errors: `no_bmc`,
    /// `bmc_contradicted`.
    mutating func controlForOrder(_ resource: Resource, now: Now) throws -> PowerControl {
        guard let control = control(of: resource) else { throw noBMC(resource.id) }
        if let contradiction = contradiction(resource, now: now) { throw contradiction }
        guard case .hypervisor(var guest) = control else { return control }
        world.update { $0.lastOrder = ($0.lastOrder ?? 0) + 1 }
        guest.order = world.general.lastOrder ?? 0
        guest.mustBeThere = resource.mayBeElsewhere
        return .hypervisor(guest)
    }
}
