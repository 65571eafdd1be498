import MusterCore

// A server that found no machine is placed the moment one becomes free.
extension Engine {
    /// Calls for the blocked servers that a machine could take now, those of the highest priority first, each for another machine. A
    /// machine that a server has had already, and did not become ready on, is not offered to it again until somebody acts or it proves good.
    mutating func offerMachines(now: Now) {
        let isFreed = !world.newlyFree.isEmpty
        let starved = world.takeNewlyStarving()
        world.newlyFree = []
        guard isFreed || !starved.isEmpty else { return }
        let servers = (isFreed ? world.starving : starved).compactMap { world.servers[$0] }.filter { responsibleRun(for: $0.id) == nil }
        var offered: Set<ResourceID> = []
        for server in servers.sorted(by: { Seekers.Seeker($0) < Seekers.Seeker($1) }) {
            var request = PlacementRequest()
            request.limit = offered.count + (chances[server.id]?.count ?? 0) + 1
            let found = candidates(for: server, request, run: nil).free
            let machine = found.first { !offered.contains($0.id) && chances[server.id]?.contains($0.id) != true }
            // Called for while others go first it would only wait.
            guard let machine, !givesWay(server, found) else { continue }
            offered.insert(machine.id)
            chances[server.id, default: []].insert(machine.id)
            emit(
                "server.wanted", server: server.id,
                data: ["why": .string("\(machine.id) is free"), "machine": .string(machine.id.rawValue)], now: now)
        }
    }

    /// Whatever a machine was before: it may be tried again.
    mutating func giveNewChances(_ machine: ResourceID) {
        for server in chances.keys.sorted() { chances[server]?.remove(machine) }
    }
}
