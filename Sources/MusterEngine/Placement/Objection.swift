import MusterCore

/// Why a machine cannot take a server.
enum Objection: Sendable, Hashable {
    case runs(ServerID)
    case state(ResourceState)
    case noBMC
    /// What its hypervisor does not allow now.
    case hypervisor(HypervisorHindrance)
    /// Its guests are in use.
    case carries([ResourceID])
    /// A server on the same physical machine is to be apart from this one.
    case together(ServerID, ResourceID)
    case memory(Int64, needed: Int64)
    case cpus(Int, needed: Int)
    case tags([String])
    /// What a caller or a `decide("place")` hook has against it.
    case told(String)

    /// In words that follow the machine's name.
    var words: String {
        switch self {
        case .runs(let server): "runs \(server)"
        case .state(let state): "is \(state.rawValue)"
        case .noBMC: "has no BMC, so nobody could fence it"
        case .hypervisor(let hindrance): hindrance.words
        case .carries(let guests): guests.words(after: "carries") ?? "carries guests"
        case .together(let server, let body): "is on \(body) with \(server), from which it is to be apart"
        case .memory(let memory, let needed): "has \(memory) of \(needed) MiB"
        case .cpus(let cpus, let needed): "has \(cpus) of \(needed) CPUs"
        case .tags(let missing): "lacks \(missing.count == 1 ? "the tag" : "the tags") " + missing.joined(separator: ", ")
        case .told(let reason): reason
        }
    }

    /// In words that follow a number of machines.
    var plural: String {
        switch self {
        case .runs: "run other servers"
        case .state(let state): "are \(state.rawValue)"
        case .noBMC: "have no BMC"
        case .hypervisor: "cannot be carried by their hypervisors"
        case .carries: "carry virtual machines"
        case .together: "would be together with servers from which it is to be apart"
        case .memory: "have too little memory"
        case .cpus: "have too few CPUs"
        case .tags: "lack a tag"
        case .told: "were tried or refused"
        }
    }
}

extension Engine {
    /// What speaks against a machine for a server; nil when it is a candidate.
    func objection(to resource: Resource, for server: Server) -> Objection? {
        // What will be so tomorrow comes first.
        if resource.memoryMiB < server.memoryMiB { return .memory(resource.memoryMiB, needed: server.memoryMiB) }
        if resource.cpus < server.cpus { return .cpus(resource.cpus, needed: server.cpus) }
        let missing = server.tags.filter { !resource.tags.contains($0) }
        if !missing.isEmpty { return .tags(missing) }
        if !resource.isSwitched { return .noBMC }
        if let claim = world.aliveClaim(on: resource.id) { return .runs(claim.server) }
        if let objection = bodyObjection(to: resource.id, hypervisor: resource.hypervisor, for: server, run: nil) { return objection }
        let state = state(of: resource)
        return state == .idle || state == .off ? nil : .state(state)
    }

    /// Why no machine takes a server, one clause a machine; of a large fleet some by name and how many there are of each kind.
    func explanation(for server: Server, told: [ResourceID: String]) -> String {
        let objections = world.resourceOrder.compactMap { id -> (ResourceID, Objection)? in
            guard let resource = world.resources[id] else { return nil }
            return (told[id].map { .told($0) } ?? objection(to: resource, for: server)).map { (id, $0) }
        }
        let most = 8
        // What was tried or refused says more than what cannot take it anyway.
        let named =
            objections.count <= most
            ? objections : objections.filter { if case .told = $0.1 { true } else { false } }.prefix(most).map { $0 }
        var clauses = named.map { "\($0.0) \($0.1.words)" }
        if named.count < objections.count {
            let names = Set(named.map(\.0))
            let others = Dictionary(grouping: objections.filter { !names.contains($0.0) }, by: \.1.plural)
            clauses += others.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { "\($0.value.count) \($0.key)" }
        }
        return clauses.isEmpty ? "there is no machine" : clauses.joined(separator: "; ")
    }
}
