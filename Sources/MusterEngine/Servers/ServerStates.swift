import MusterCore

// What servers are in, from what is known of them, of their machines and of the runs that work for them.
extension World {
    func state(of server: Server) -> ServerState {
        if server.blocked != nil { return .blocked }
        let claim = aliveClaim(of: server.id)
        guard server.target == .running else { return claim == nil ? .stopped : .stopping }
        if isMoving(server.id) { return .moving }
        guard let claim, let resource = resources[claim.resource] else { return .placing }
        if resource.failure != nil { return .placing }
        // What was seen ready before a boot that is under way was another boot.
        return server.readyEpoch == claim.epoch && resource.startingSince == nil ? .running : .starting
    }

    /// Whether a run is under way that answers a `server.move` for it.
    private func isMoving(_ id: ServerID) -> Bool {
        (index.byServer[id] ?? []).contains { runs[$0].map { $0.status == .running && $0.argument["name"] == "server.move" } ?? false }
    }

    func state(of resource: Resource) -> ResourceState {
        resource.state(claimed: aliveClaim(on: resource.id).map { $0.cutOrdered == nil } ?? false)
    }

    /// Whether a server has nowhere to run, or its machine is suspect, and no run keeps a machine for it.
    func contends(_ server: Server) -> Bool {
        switch state(of: server) {
        case .placing: break
        case .running:
            guard let claim = aliveClaim(of: server.id), resources[claim.resource].map(state) == .suspect else { return false }
        default: return false
        }
        return !(index.byServer[server.id] ?? []).contains { runs[$0]?.reserved != nil }
    }
}
