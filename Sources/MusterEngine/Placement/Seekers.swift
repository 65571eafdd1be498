import MusterCore

/// The servers that look for a machine or soon may, in the order in which they get one, kept as they change: those that ran before or that
/// somebody wants before those that a policy adds, those of the highest priority first.
struct Seekers: Sendable {
    struct Seeker: Sendable, Hashable {
        var id: ServerID
        var priority: Int
        var isExtra: Bool
        var needs: Server.Needs

        init(_ server: Server) {
            (id, priority, isExtra, needs) = (server.id, server.priority, server.isExtra == true, server.needs)
        }

        /// Whether it goes before another whatever their names are.
        func isAhead(of other: Self) -> Bool { isExtra == other.isExtra ? priority > other.priority : other.isExtra }

        static func < (one: Self, other: Self) -> Bool {
            if one.isAhead(of: other) { return true }
            return !other.isAhead(of: one) && one.id < other.id
        }
    }

    private(set) var ordered: [Seeker] = []
    private var known: [ServerID: Seeker] = [:]

    /// How many go before a server.
    func count(ahead server: Seeker) -> Int { ordered.sortedPlace { $0.isAhead(of: server) } }

    mutating func replace(_ id: ServerID, _ new: Seeker?) {
        let old = known[id]
        guard old != new else { return }
        if let old { ordered.remove(at: place(of: old)) }
        known[id] = new
        if let new { ordered.insert(new, at: place(of: new)) }
    }

    private func place(of seeker: Seeker) -> Int { ordered.sortedPlace { $0 < seeker } }
}
