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
    /// How many of the latter run on each hypervisor, or a guest of it.
    var apartBodies: [ResourceID: Int] = [:]
    /// The load for each CPU of the hypervisors that are busy.
    var busy: [ResourceID: Double] = [:]

    /// From this load for each CPU on, guests of other hypervisors come first.
    static let busyFrom = 0.7

    /// Whether every machine is as good as its place in the order of free machines says.
    var isNone: Bool {
        prefer.isEmpty && avoid.isEmpty && first == nil && last == nil && near.isEmpty && apart.isEmpty && apartBodies.isEmpty
            && busy.isEmpty
    }

    /// Lower goes first.
    func rank(_ machine: FreeMachine) -> (own: Int, avoided: Int, preferred: Int, apart: Int, near: Int, load: Double) {
        // A wish does not make up for a machine that fails again and again.
        func isNamed(_ words: [String]) -> Bool { words.contains { $0 == machine.id.rawValue || machine.tags.contains($0) } }
        let neighbours = machine.rack.map { (apart[$0] ?? 0, near[$0] ?? 0) } ?? (0, 0)
        let own = machine.id == first ? -1 : machine.id == last ? 1 : 0
        let together = apartBodies[machine.body] ?? 0
        let avoided = (machine.isFlapping ? 2 : 0) + (isNamed(avoid) ? 1 : 0)
        return (
            own, avoided, isNamed(prefer) ? -1 : 0, neighbours.0 + together, -neighbours.1, machine.hypervisor.flatMap { busy[$0] } ?? 0
        )
    }

    /// Why a machine stands where it does, in words.
    func reasons(_ machine: FreeMachine) -> [String] {
        let rank = rank(machine)
        var reasons: [String] = []
        if rank.avoided % 2 == 1 { reasons.append("to be avoided") }
        if rank.preferred == -1 { reasons.append("preferred") }
        if let together = apartBodies[machine.body] { reasons.append("\(machine.body) has \(together) that it should be apart from") }
        if let rack = machine.rack {
            if let apart = apart[rack], apart > 0 { reasons.append("rack \(rack) has \(apart) that it should be apart from") }
            if rank.near < 0 { reasons.append("rack \(rack) has \(-rank.near) that it should be near") }
        }
        if let hypervisor = machine.hypervisor, let load = busy[hypervisor] {
            reasons.append("\(hypervisor) is busy: a load of \(load) for each CPU")
        }
        if machine.isFlapping { reasons.append("failed again and again of late") }
        if machine.isIdle {
            reasons.append("idle, so it need not be woken")
        } else {
            reasons.append(machine.hypervisor.map { "not there, to be created by \($0)" } ?? "off, to be woken by its \(machine.waker)")
        }
        reasons.append("\(machine.memoryMiB) MiB")
        return reasons
    }
}

extension Engine {
    func preferences(of server: Server, first: ResourceID? = nil, last: ResourceID? = nil) -> Preferences {
        var preferences = Preferences(prefer: server.prefer ?? [], avoid: server.avoid ?? [], first: first, last: last)
        let near = machines(of: server.affinity ?? [], besides: server.id)
        let apart = machines(of: (server.antiAffinity ?? []) + [server.pool].compactMap { $0 }, besides: server.id)
        preferences.near = racks(of: near)
        preferences.apart = racks(of: apart)
        for id in world.hypervisors {
            if let load = world.resources[id].flatMap(loadPerCPU), load >= Preferences.busyFrom { preferences.busy[id] = load }
        }
        for machine in apart where !world.guests(of: machine.body).isEmpty { preferences.apartBodies[machine.body, default: 0] += 1 }
        return preferences
    }

    /// The machines on which the servers of these names and pools run.
    private func machines(of words: [String], besides id: ServerID) -> [Resource] {
        let servers = words.flatMap { word in (world.pools[word] ?? []).union([ServerID(word)]) }
        return Set(servers).subtracting([id]).compactMap { world.aliveClaim(of: $0).flatMap { world.resources[$0.resource] } }
    }

    /// How many of these stand in each rack; a guest stands where its hypervisor does.
    private func racks(of machines: [Resource]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for machine in machines {
            if let rack = machine.hypervisor.map({ world.resources[$0]?.rack }) ?? machine.rack { counts[rack, default: 0] += 1 }
        }
        return counts
    }
}
