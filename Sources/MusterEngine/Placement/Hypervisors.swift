import MusterCore

/// Why a hypervisor cannot have a guest of its started.
enum HypervisorHindrance: Sendable, Hashable {
    case unknown(ResourceID)
    case maintenance(ResourceID)
    /// It is not known to be there.
    case state(ResourceID, ResourceState)
    case memory(ResourceID, left: Int64)
    /// A run keeps it for something else.
    case kept(ResourceID, RunID)

    /// In words that follow the guest's name.
    var words: String {
        switch self {
        case .unknown(let name): "is a guest of \(name), which is not declared"
        case .maintenance(let name): "is a guest of \(name), which is in maintenance"
        case .state(let name, let state): "is a guest of \(name), which is \(state.rawValue)"
        case .memory(let name, let left): "finds no room, its hypervisor \(name) has \(left) MiB left for guests"
        case .kept(let name, let run): "is a guest of \(name), which run \(run) keeps"
        }
    }
}

// A virtual machine can be had as long as its hypervisor is there and has room for it.
extension World {
    /// The guests of a machine that are on, or whom a server has; by name.
    func guestsInUse(on id: ResourceID) -> [ResourceID] { hasGuests ? guestUses.guests(on: id) : [] }

    /// What a guest has of its hypervisor now; nil for one that is not in use, and for a host.
    func guestUse(of id: ResourceID) -> GuestUses.Use? {
        guard let guest = resources[id], let hypervisor = guest.hypervisor,
            aliveClaim(on: id) != nil || guest.power == .on || guest.startingSince != nil || guest.liveness != .unknown
        else { return nil }
        return GuestUses.Use(hypervisor: hypervisor, memoryMiB: guest.memoryMiB)
    }

    /// Whether a guest's hypervisor is up.
    func isCarried(_ guest: Resource) -> Bool { guest.hypervisor.flatMap { resources[$0] }?.isThere == true }

    /// What keeps a guest's hypervisor from having it; nil when nothing does, and for a host. Guests that a run keeps count as in use.
    func hypervisorHindrance(of guest: Resource, kept: ((ResourceID) -> Bool)? = nil) -> HypervisorHindrance? {
        guard let name = guest.hypervisor else { return nil }
        guard let hypervisor = resources[name] else { return .unknown(name) }
        if hypervisor.mode == .maintenance { return .maintenance(name) }
        guard hypervisor.isThere else { return .state(name, hypervisor.state(claimed: aliveClaim(on: name) != nil)) }
        guard hypervisor.memoryMiB > 0 else { return nil }
        var left = hypervisor.memoryMiB - guestUses.memory(on: name, without: guest.id)
        if let kept {
            for other in guestNames(of: name) where other != guest.id && !guestUses.contains(other) && kept(other) {
                left -= resources[other]?.memoryMiB ?? 0
            }
        }
        return left >= guest.memoryMiB ? nil : .memory(name, left: left)
    }
}

extension Resource {
    /// Whether it is up, as far as anybody can know: it beats, or it is on and boots what never beats, its own disk.
    var isThere: Bool {
        guard failure == nil else { return false }
        return liveness == .alive || liveness == .unknown && power == .on && startingSince == nil
    }
}

extension Engine {
    /// What speaks against a machine because of its hypervisor, its guests, or who else is on the same physical machine.
    func bodyObjection(to id: ResourceID, hypervisor: ResourceID?, for server: Server, run: RunID?) -> Objection? {
        guard world.hasGuests, let resource = world.resources[id] else { return nil }
        func isKept(_ name: ResourceID) -> Bool { world.index.holders[name].map { $0 != run } ?? false }
        let isAnyKept = !world.index.holders.isEmpty
        if let hindrance = world.hypervisorHindrance(of: resource, kept: isAnyKept ? isKept : nil) { return .hypervisor(hindrance) }
        if let hypervisor, let holder = world.index.holders[hypervisor], holder != run { return .hypervisor(.kept(hypervisor, holder)) }
        let guests = isAnyKept ? world.guests(of: id).filter { world.guestUses.contains($0) || isKept($0) } : world.guestsInUse(on: id)
        if !guests.isEmpty { return .carries(guests) }
        return togetherness(of: server, on: hypervisor ?? id)
    }

    /// Servers that are declared to be apart are never on one physical machine: not on two guests of it, nor on a guest and itself.
    private func togetherness(of server: Server, on body: ResourceID) -> Objection? {
        for machine in world.guestsInUse(on: body) + [body] {
            guard let claim = world.aliveClaim(on: machine), let other = world.servers[claim.server], other.id != server.id else {
                continue
            }
            if server.isApart(from: other) || other.isApart(from: server) { return .together(other.id, body) }
        }
        return nil
    }

    /// The same for a machine that is free.
    func hasRoom(_ machine: FreeMachine, for server: Server, run: RunID?) -> Bool {
        !world.hasGuests || bodyObjection(to: machine.id, hypervisor: machine.hypervisor, for: server, run: run) == nil
    }

    /// Why a claim on a virtual machine would come to nothing, in words; nil when it would not, and for a host.
    func hypervisorObjection(to resource: Resource) -> String? {
        world.hypervisorHindrance(of: resource).map { "it \($0.words)" }
    }
}

extension Server {
    /// Whether its declaration says so of another; that two belong to one pool is only a wish.
    fileprivate func isApart(from other: Server) -> Bool {
        (antiAffinity ?? []).contains { $0 == other.id.rawValue || $0 == other.pool }
    }
}
