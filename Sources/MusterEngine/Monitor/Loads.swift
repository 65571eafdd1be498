import MusterCore

// Load: what machines say of it in their heartbeats. It is kept where heartbeats end, and asked for when somebody wants it: it is never
// stored, and no turn is taken for it.
extension Engine {
    /// A machine that was told to beat says another load from now on.
    public mutating func loadSeen(_ id: ResourceID, _ load: LoadObservation) {
        guard world.resources[id] != nil else { return }
        trackers[id, default: Tracker()].load = load
    }

    mutating func loadSeen(_ id: ResourceID, in heartbeat: Heartbeat, now: Now) {
        if let load = LoadObservation(heartbeat, at: now.monotonic) { trackers[id, default: Tracker()].load = load }
    }

    /// The newest word of a machine that beats; nil for one that does not, and for one that says nothing of its load.
    func load(of resource: Resource) -> LoadObservation? {
        guard resource.liveness == .alive else { return nil }
        let (own, below) = (trackers[resource.id]?.load, watching.heartbeats?.load(of: resource.id))
        guard let own, let below else { return own ?? below }
        return own.at > below.at ? own : below
    }

    /// Load average for each CPU, in thousandths; nil when it is not known.
    func loadPerCPU(of resource: Resource) -> Double? {
        load(of: resource).map { ($0.load / Double(max(1, resource.cpus)) * 1000).rounded() / 1000 }
    }

    /// The mean load of the machines on which the servers of a pool run, or on which one server runs; nil while none is known. Errors:
    /// `not_found`.
    func meanLoad(of name: String) throws -> Double? {
        let pool = (world.pools[name] ?? []).compactMap { world.servers[$0] }
        let servers = pool.isEmpty ? world.servers[ServerID(name)].map { [$0] } ?? [] : pool
        guard !servers.isEmpty else {
            throw MusterError(.notFound, "there is no pool and no server \"\(name)\"", hint: "muster servers lists them", subject: name)
        }
        let loads = servers.sorted { $0.id < $1.id }.filter { state(of: $0) == .running }
            .compactMap { world.aliveClaim(of: $0.id).flatMap { world.resources[$0.resource] }.flatMap(loadPerCPU) }
        return loads.isEmpty ? nil : (loads.reduce(0, +) / Double(loads.count) * 1000).rounded() / 1000
    }
}
