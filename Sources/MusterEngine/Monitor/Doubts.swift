import MusterCore

/// Which machines are in doubt, counted as they change, so that no turn has to look at all of them.
///
/// What is counted against isolation is bodies: a hypervisor and its guests fall silent together, and are one.
struct Doubts: Sendable {
    /// How many bodies have a machine that is alive or silent.
    var watched: Int { watchedOf.count }
    /// How many have one that is silent without a failure that was raised.
    var silent: Int { silentOf.count }
    /// The silent machines whose failure was raised.
    private(set) var raised: Set<ResourceID> = []
    /// Those whose failure is held.
    private(set) var held: Set<ResourceID> = []
    /// How many such machines each body has.
    private var watchedOf: [ResourceID: Int] = [:]
    private var silentOf: [ResourceID: Int] = [:]

    func isSilent(_ body: ResourceID) -> Bool { silentOf[body] != nil }

    mutating func replace(_ old: Resource?, _ new: Resource?) {
        if let old { count(old, -1) }
        if let new { count(new, 1) }
    }

    private mutating func count(_ resource: Resource, _ sign: Int) {
        if resource.liveness != .unknown { Self.add(sign, to: &watchedOf, resource.body) }
        let isRaised = resource.failure.map { $0.held == nil } ?? false
        if resource.liveness == .silent, !isRaised { Self.add(sign, to: &silentOf, resource.body) }
        Self.change(&raised, resource.id, sign, resource.liveness == .silent && isRaised)
        Self.change(&held, resource.id, sign, resource.failure?.held != nil)
    }

    private static func add(_ sign: Int, to counts: inout [ResourceID: Int], _ body: ResourceID) {
        let count = (counts[body] ?? 0) + sign
        counts[body] = count > 0 ? count : nil
    }

    private static func change(_ set: inout Set<ResourceID>, _ id: ResourceID, _ sign: Int, _ belongs: Bool) {
        guard belongs else { return }
        if sign > 0 { set.insert(id) } else { set.remove(id) }
    }
}

extension Resource {
    /// The physical machine that it is or lives on.
    var body: ResourceID { hypervisor ?? id }
}
