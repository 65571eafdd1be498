import MusterCore

// What must not be ordered of virtual machines and of those that carry them.
extension Engine {
    /// Why the hypervisor rung does not apply to a machine; nil when it does.
    func hypervisorRungObjection(_ resource: Resource) -> String? {
        guard resource.kind == .vm, let hypervisor = resource.hypervisor else { return "it is no virtual machine" }
        return resource.strayed == true ? "\(hypervisor) did not have it after it was booted: it was moved by hand" : nil
    }

    /// What a driver brought back, as far as it may be believed: that a hypervisor has no such guest is no proof about one that was booted
    /// or read on and never seen off since, for it runs elsewhere, nor about one of which a restored engine does not know where it ran last.
    func believed(_ result: Result<OperationResult, MusterError>, of operation: Operation) -> Result<OperationResult, MusterError> {
        guard case .success(.absent(let words)) = result, !Mutation.guestAbsenceBelieved.isActive else { return result }
        let id: ResourceID? =
            switch operation {
            case .readPower(let id, _, _), .powerOff(let id, _, _, _, _, _): id
            default: nil
            }
        guard let id, let resource = world.resources[id], resource.mayBeElsewhere || resource.unproven == true else { return result }
        return .failure(absence(of: id, words))
    }

    private func absence(of id: ResourceID, _ words: String) -> MusterError {
        let why =
            world.resources[id]?.unproven == true
            ? "what became of \(id) since the backup is not known" : "\(id) was on and not seen off since: it was moved by hand"
        return MusterError(
            .guestAbsent, "\(words), and \(why)",
            hint: "look where it runs, and destroy it there; then: muster fence \(id) --confirm-off", subject: id.rawValue)
    }

    /// Remembers that a guest is not where it is declared to be, until it is seen there, or known to be off.
    mutating func noteStray(_ id: ResourceID, _ result: Result<OperationResult, MusterError>) {
        let isStray: Bool
        switch result {
        case .failure(let error) where error.code == .guestAbsent: isStray = true
        case .success(.power), .success(.words): isStray = false
        default: return
        }
        guard var guest = world.resources[id], guest.hypervisor != nil, (guest.strayed == true) != isStray else { return }
        guest.strayed = isStray ? true : nil
        world.put(guest)
    }

    /// Refuses to start a virtual machine that runs elsewhere: there would be two of it. Errors: `guest_absent`.
    func refuseToStartTwice(_ resource: Resource) throws {
        if resource.strayed == true {
            throw absence(of: resource.id, "\(resource.hypervisor?.rawValue ?? "its hypervisor") does not have it")
        }
    }

    /// Refuses to switch off a machine whose guests run servers; of one that has failed, those that live. Errors: `wrong_state`.
    func refuseToEndGuests(of resource: Resource) throws {
        let ends = world.guests(of: resource.id).filter { resource.failure == nil || world.resources[$0]?.liveness == .alive }
        let servers = ends.compactMap { id in world.aliveClaim(on: id).map { "\(id) (\($0.server))" } }
        guard let words = servers.words(after: "carries") else { return }
        throw MusterError(
            .wrongState, "\(resource.id) \(words), which would go off with it", hint: "move or stop what its guests run first",
            subject: resource.id.rawValue)
    }
}

extension Resource {
    /// Whether a guest that its hypervisor does not have runs elsewhere: it was on, and not seen off since.
    var mayBeElsewhere: Bool { strayed == true || boot != nil || power == .on }
}

extension [String] {
    /// They in words, after others; nil for none.
    func words(after words: String) -> String? { isEmpty ? nil : "\(words) \(joined(separator: ", "))" }
}

extension [ResourceID] {
    func words(after words: String) -> String? { map(\.rawValue).words(after: words) }
}
