import MusterCore

// Virtual machines in a fleet file: each has a hypervisor, and changes it only while it is off.
extension FleetDeclaration {
    /// What is wrong with the hypervisors that virtual machines name.
    func guestProblems() -> [MusterError] {
        let machines = Dictionary(resources.map { ($0.object.id, $0.object) }, uniquingKeysWith: { one, _ in one })
        let hosts = resources.map(\.object).filter { $0.kind == .host }.map(\.id.rawValue)
        return resources.compactMap { item in
            guard let name = item.object.hypervisor else { return nil }
            let id = item.object.id
            if name == id { return bad("vm \(id) is its own hypervisor", item.place, hint: "hypervisor is the host that it runs on") }
            guard let hypervisor = machines[name] else {
                let nearest = Spelling.nearest(name.rawValue, hosts).map { "did you mean \"\($0)\"?" }
                return bad("vm \(id): there is no host \(name)", item.place, hint: nearest ?? "declare it: host \"\(name)\" { … }")
            }
            if hypervisor.kind == .vm {
                return bad("vm \(id): its hypervisor \(name) is a virtual machine itself", item.place, hint: "a hypervisor is a host")
            }
            guard hypervisor.memoryMiB == 0 || item.object.memoryMiB <= hypervisor.memoryMiB else {
                return bad(
                    "vm \(id): it has \(item.object.memoryMiB) MiB, and its hypervisor \(name) has \(hypervisor.memoryMiB)", item.place,
                    hint: "it could never start: give it less")
            }
            return nil
        }
    }
}

extension Engine {
    /// A machine whose hypervisor changes would be there twice if it still ran on the old one, with the same cards: it has to be off for sure.
    /// Errors: `claim_alive`, `wrong_state`.
    func refuseOtherHypervisors(_ fleet: FleetDeclaration) throws {
        for item in fleet.resources {
            guard let known = world.resources[item.object.id], known.declared, known.hypervisor != item.object.hypervisor else { continue }
            let words =
                "\(known.hypervisor.map { "the hypervisor of \(known.id) is \($0)" } ?? "\(known.id) is no virtual machine"), which cannot be changed while"
            if let claim = world.aliveClaim(on: known.id) {
                throw MusterError(
                    .claimAlive, "\(words) \(claim.server) runs on it (epoch \(claim.epoch))",
                    hint: "muster server stop \(claim.server) first",
                    place: item.place, subject: known.id.rawValue)
            }
            // Whatever was asked to start it may still do so.
            let isStarting = isPoweringOn(known.id) || known.startingSince != nil
            let isKnownOff = known.power == .off || known.failure?.fenced.flatMap { world.evidence[$0]?.kind } == .manual
            // Nobody has ever heard of it, and what would have started it was never asked to.
            let isNew = known.boot == nil && known.bootID == nil && known.power == .unknown && known.unproven != true
            guard !isStarting, isKnownOff || isNew else {
                throw MusterError(
                    .wrongState, "\(words) it may be on",
                    hint: "switch it off first; if it is off for sure: muster fence \(known.id) --confirm-off",
                    place: item.place, subject: known.id.rawValue)
            }
        }
    }

    /// A machine of whose power nothing is known: what it was read by is not what reads it now.
    func unread(_ known: Resource) -> Resource {
        var resource = known
        (resource.power, resource.bmcFault, resource.fenceCheck, resource.strayed) = (.unknown, nil, nil, nil)
        return resource
    }
}
