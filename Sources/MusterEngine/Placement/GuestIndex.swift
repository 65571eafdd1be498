import MusterCore

/// Which virtual machines are declared for which hypervisor, kept as machines change.
struct GuestIndex: Sendable {
    private var byHypervisor: [ResourceID: Set<ResourceID>] = [:]

    var isEmpty: Bool { byHypervisor.isEmpty }
    var hypervisors: [ResourceID] { byHypervisor.keys.sorted() }

    func guests(of id: ResourceID) -> Set<ResourceID> { byHypervisor[id] ?? [] }

    mutating func replace(_ id: ResourceID, _ old: ResourceID?, _ new: ResourceID?) {
        guard old != new else { return }
        if let old {
            byHypervisor[old]?.remove(id)
            if byHypervisor[old]?.isEmpty == true { byHypervisor[old] = nil }
        }
        if let new { byHypervisor[new, default: []].insert(id) }
    }

    /// Those whose part in a hypervisor depends on a machine: its guests, or the hypervisor and the other guests.
    func relatives(of id: ResourceID, hypervisor: ResourceID?) -> Set<ResourceID> {
        guard let hypervisor else { return guests(of: id) }
        return guests(of: hypervisor).union([hypervisor]).subtracting([id])
    }
}
