import MusterCore

/// The virtual machines that are in use and the memory that they have of their hypervisors, kept as they change: a hypervisor with many
/// guests is looked at with each change of one, and for each of them.
struct GuestUses: Sendable {
    struct Use: Sendable, Equatable {
        var hypervisor: ResourceID
        var memoryMiB: Int64
    }

    private var known: [ResourceID: Use] = [:]
    private var names: [ResourceID: Set<ResourceID>] = [:]
    private var memory: [ResourceID: Int64] = [:]

    /// Takes what is known of a guest now, nil for one that is not in use; false when that is what was known.
    mutating func replace(_ id: ResourceID, _ new: Use?) -> Bool {
        let old = known[id]
        if old == new { return false }
        if let old {
            names[old.hypervisor]?.remove(id)
            memory[old.hypervisor, default: 0] -= old.memoryMiB
            if names[old.hypervisor]?.isEmpty == true { (names[old.hypervisor], memory[old.hypervisor]) = (nil, nil) }
        }
        known[id] = new
        if let new {
            names[new.hypervisor, default: []].insert(id)
            memory[new.hypervisor, default: 0] += new.memoryMiB
        }
        return true
    }

    func contains(_ id: ResourceID) -> Bool { known[id] != nil }
    func isAny(on hypervisor: ResourceID) -> Bool { names[hypervisor] != nil }

    /// The guests of a hypervisor that are in use, by name.
    func guests(on hypervisor: ResourceID) -> [ResourceID] { names[hypervisor]?.sorted() ?? [] }

    /// MiB that those of them have, one left out.
    func memory(on hypervisor: ResourceID, without id: ResourceID) -> Int64 {
        let own = known[id].flatMap { $0.hypervisor == hypervisor ? $0.memoryMiB : nil } ?? 0
        return (memory[hypervisor] ?? 0) - own
    }
}

/// What guests depend on in their hypervisor.
struct Hosting: Equatable {
    let mode: Mode
    let isThere: Bool
    let memoryMiB: Int64
    let rack: String?

    init(_ resource: Resource) {
        (mode, isThere, memoryMiB, rack) = (resource.mode, resource.isThere, resource.memoryMiB, resource.rack)
    }
}
