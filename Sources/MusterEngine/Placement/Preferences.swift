import MusterCore

/// How a server's wishes order the machines that could run it. None of them keeps a server from running where it can.
struct Preferences: Sendable {
    /// Names and tags of machines that come first, and of those that come last.
    var prefer: [String]
    var avoid: [String]
    /// A caller's own, which come before all else.
    var first: ResourceID?
    var last: ResourceID?
    /// How many servers that it should be near, and how many that it should be apart from, run in each rack.
    var near: [String: Int] = [:]
    var apart: [String: Int] = [:]

    /// Whether every machine is as good as its place in the order of free machines says.
    var isNone: Bool { prefer.isEmpty && avoid.isEmpty && first == nil && last == nil && near.isEmpty && apart.isEmpty }

    /// Lower goes first.
    func rank(_ machine: FreeMachine) -> (own: Int, avoided: Int, preferred: Int, apart: Int, near: Int) {
        // A wish does not make up for a machine that fails again and again.
        func isNamed(_ words: [String]) -> Bool { words.contains { $0 == machine.id.rawValue || machine.tags.contains($0) } }
        let neighbours = machine.rack.map { (apart[$0] ?? 0, near[$0] ?? 0) } ?? (0, 0)
        let own = machine.id == first ? -1 : machine.id == last ? 1 : 0
        return (own, (machine.isFlapping ? 2 : 0) + (isNamed(avoid) ? 1 : 0), isNamed(prefer) ? -1 : 0, neighbours.0, -neighbours.1)
    }

    /// Why a machine stands where it does, in words.
    func reasons(_ machine: FreeMachine) -> [String] {
        let rank = rank(machine)
        var reasons: [String] = []
        if rank.avoided % 2 == 1 { reasons.append("to be avoided") }
        if rank.preferred == -1 { reasons.append("preferred") }
        if let rack = machine.rack {
            if rank.apart > 0 { reasons.append("rack \(rack) has \(rank.apart) that it should be apart from") }
            if rank.near < 0 { reasons.append("rack \(rack) has \(-rank.near) that it should be near") }
        }
        if machine.isFlapping { reasons.append("failed again and again of late") }
        reasons.append(machine.isIdle ? "idle, so it need not be woken" : "off, to be woken by its BMC")
        reasons.append("\(machine.memoryMiB) MiB")
        return reasons
    }
}

extension Engine {
    func preferences(of server: Server, first: ResourceID? = nil, last: ResourceID? = nil) -> Preferences {
        var preferences = Preferences(prefer: server.prefer ?? [], avoid: server.avoid ?? [], first: first, last: last)
        preferences.near = racks(of: server.affinity ?? [], besides: server.id)
        preferences.apart = racks(of: (server.antiAffinity ?? []) + [server.pool].compactMap { $0 }, besides: server.id)
        return preferences
    }

    /// How many of the servers of these names and pools run in each rack.
    private func racks(of words: [String], besides id: ServerID) -> [String: Int] {
        var counts: [String: Int] = [:]
        let servers = words.flatMap { word in (world.pools[word] ?? []).union([ServerID(word)]) }
        for other in Set(servers) where other != id {
            guard let claim = world.aliveClaim(of: other), let rack = world.resources[claim.resource]?.rack else { continue }
            counts[rack, default: 0] += 1
        }
        return counts
    }
}
