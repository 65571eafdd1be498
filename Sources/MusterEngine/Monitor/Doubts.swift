import MusterCore

/// Which machines are in doubt, counted as they change, so that no turn has to look at all of them.
struct Doubts: Sendable {
    /// How many machines are alive or silent.
    private(set) var watched = 0
    /// How many are silent without a failure that was raised.
    private(set) var silent = 0
    /// The silent ones whose failure was raised.
    private(set) var raised: Set<ResourceID> = []
    /// Those whose failure is held.
    private(set) var held: Set<ResourceID> = []

    mutating func replace(_ old: Resource?, _ new: Resource?) {
        if let old { count(old, -1) }
        if let new { count(new, 1) }
    }

    private mutating func count(_ resource: Resource, _ sign: Int) {
        if resource.liveness != .unknown { watched += sign }
        let isRaised = resource.failure.map { $0.held == nil } ?? false
        if resource.liveness == .silent, !isRaised { silent += sign }
        Self.change(&raised, resource.id, sign, resource.liveness == .silent && isRaised)
        Self.change(&held, resource.id, sign, resource.failure?.held != nil)
    }

    private static func change(_ set: inout Set<ResourceID>, _ id: ResourceID, _ sign: Int, _ belongs: Bool) {
        guard belongs else { return }
        if sign > 0 { set.insert(id) } else { set.remove(id) }
    }
}
