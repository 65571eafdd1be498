import MusterCore

/// A machine that runs nothing and is ready to take work, with what matters for choosing one.
struct FreeMachine: Sendable {
    var id: ResourceID
    /// Whether it is booted and waits; else it is off.
    var isIdle: Bool
    var memoryMiB: Int64
    var cpus: Int
    var tags: [String]
    var rack: String?
    var isFlapping: Bool
    /// The hypervisor of a virtual one.
    var hypervisor: ResourceID?
    /// What wakes it, after "its".
    var waker = "BMC"

    /// The physical machine that it is or lives on.
    var body: ResourceID { hypervisor ?? id }

    /// Nil for a machine that runs something, is out of use or in doubt, or that nobody could wake and fence.
    ///
    /// - Parameter rack: Where the hypervisor of a virtual machine stands.
    init?(_ resource: Resource, isClaimed: Bool, rack: String? = nil) {
        let state = resource.state(claimed: isClaimed)
        guard !isClaimed, resource.isSwitched, state == .idle || state == .off else { return nil }
        self.init(resource, isIdle: state == .idle, rack)
    }

    /// A machine that may turn out to be free, once somebody looks at it; nil for one that was looked at, or cannot be.
    init?(unseen resource: Resource, isClaimed: Bool, rack: String? = nil) {
        guard !isClaimed, resource.isSwitched, resource.bmcFault == nil, resource.power == .unknown,
            resource.state(claimed: false) == .unknown
        else { return nil }
        self.init(resource, isIdle: false, rack)
    }

    private init(_ resource: Resource, isIdle: Bool, _ rack: String?) {
        (id, hypervisor, isFlapping) = (resource.id, resource.hypervisor, resource.isFlapping == true)
        self.rack = rack ?? resource.rack
        if let agent = resource.switchingAgent { waker = "agent \(agent.program)" }
        self.isIdle = isIdle
        (memoryMiB, cpus, tags) = (resource.memoryMiB, resource.cpus, resource.tags)
    }

    func meets(_ needs: Server.Needs) -> Bool { needs.areMet(memoryMiB: memoryMiB, cpus: cpus, tags: tags) }

    /// Those that fail again and again last; idle ones before those that have to boot, machines that are woken before virtual ones that are
    /// created, the smallest first, so that large machines stay free for large servers.
    static func < (one: Self, other: Self) -> Bool {
        if one.isFlapping != other.isFlapping { return other.isFlapping }
        if one.isIdle != other.isIdle { return one.isIdle }
        if !one.isIdle, (one.hypervisor == nil) != (other.hypervisor == nil) { return one.hypervisor == nil }
        if one.memoryMiB != other.memoryMiB { return one.memoryMiB < other.memoryMiB }
        return one.id < other.id
    }
}

/// The machines that could take a server, kept in their order of preference as they change, so that a placement looks at no others.
struct FreeMachines: Sendable {
    private(set) var ordered: [FreeMachine] = []
    private var known: [ResourceID: FreeMachine] = [:]

    func contains(_ id: ResourceID) -> Bool { known[id] != nil }

    /// Takes what a machine is now; true when it was not free before, or has other than it had.
    @discardableResult
    mutating func replace(_ id: ResourceID, _ new: FreeMachine?) -> Bool {
        let old = known[id]
        if let old { ordered.remove(at: place(of: old)) }
        known[id] = new
        if let new { ordered.insert(new, at: place(of: new)) }
        guard let new else { return false }
        return old.map { ($0.memoryMiB, $0.cpus) != (new.memoryMiB, new.cpus) || $0.tags != new.tags } ?? true
    }

    private func place(of machine: FreeMachine) -> Int { ordered.sortedPlace { $0 < machine } }
}
