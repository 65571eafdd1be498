import MusterCore

/// The fences under way, found by their number and by their machine, and when each has to be looked at: no turn looks at all of them.
struct Ladders: Sendable {
    private var known: [LadderID: Ladder] = [:]
    /// In the order in which they began.
    private var byMachine: [ResourceID: [LadderID]] = [:]
    private var due = DueQueue<LadderID>()
    /// Those that wait for something that has no time, or whose machine has changed: looked at in the next turn.
    private var next: Set<LadderID> = []
    /// How many were looked at.
    private(set) var looks = 0

    /// A ladder's machine never changes.
    subscript(id: LadderID) -> Ladder? {
        get { known[id] }
        set {
            let old = known[id]
            known[id] = newValue
            if old == nil, let newValue { byMachine[newValue.resource, default: []].append(id) }
            if newValue == nil, let old { forget(id, old.resource) }
        }
    }

    private mutating func forget(_ id: LadderID, _ machine: ResourceID) {
        byMachine[machine]?.removeAll { $0 == id }
        if byMachine[machine]?.isEmpty == true { byMachine[machine] = nil }
        due.remove(id)
        next.remove(id)
    }

    /// The fences of a machine, in the order in which they began.
    func of(_ machine: ResourceID) -> [(id: LadderID, ladder: Ladder)] {
        (byMachine[machine] ?? []).compactMap { id in known[id].map { (id, $0) } }
    }

    func isFenced(by owner: OperationOwner) -> Bool { known.values.contains { $0.owners.contains(owner) } }

    // MARK: When to look

    /// When the first has to be looked at because of its time.
    var nextLook: Moment? { due.next.map { Moment(milliseconds: $0) } }

    /// A machine has changed: what its fences wait for may have come, or be over.
    mutating func lookSoon(at machine: ResourceID) { next.formUnion(byMachine[machine] ?? []) }

    /// Sets when a ladder is looked at again: at a time, and in each turn when it waits for something that has none.
    mutating func schedule(_ id: LadderID, at moment: Moment?, eachTurn: Bool) {
        if let moment { due.set(id, at: moment.milliseconds) } else { due.remove(id) }
        if eachTurn { next.insert(id) }
    }

    /// Takes those to look at now, in order.
    mutating func take(now: Moment) -> [LadderID] {
        var all = next
        next = []
        while let id = due.pop(dueBy: now.milliseconds) { all.insert(id) }
        looks += all.count
        return all.sorted()
    }
}
