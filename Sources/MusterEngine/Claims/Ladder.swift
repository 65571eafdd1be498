import MusterCore

/// The number of a ladder within one engine process.
struct LadderID: Sendable, Hashable, Comparable {
    let number: Int64
    static func < (one: LadderID, other: LadderID) -> Bool { one.number < other.number }
}

/// A fence under way: a machine's rungs, tried in order until one has evidence. It is never stored: the step or the operator's order
/// that it is for is, and begins it anew after a crash; what is off already, or cut already, is so at once.
struct Ladder: Sendable {
    /// Why a rung gave no evidence.
    struct Failure: Sendable {
        var rung: FenceRung
        var error: MusterError
        /// False for a rung that did not apply.
        var wasTried: Bool
    }

    let resource: ResourceID
    /// The claim that the machine had when the order was given: evidence is about this one.
    let epoch: Epoch?
    /// What the machine was then; one that came back since is another.
    let incarnation: Int64
    let wasAlive: Bool
    /// Who waits for the end.
    var owners: [OperationOwner]
    let rungs: [FenceRung]
    /// Which rung is being tried.
    var position = -1
    var failures: [Failure] = []
    /// When the rung that is being tried has failed, whatever becomes of it.
    var deadline: Moment?
    /// The storage rung: whether the job that cuts the export is with its driver, and when the export was seen cut.
    var isCutting = false
    var cut: Moment?
    /// The lease rung: how often those below had been told of touched machines when it began.
    var touchesTold = 0

    var rung: FenceRung? { rungs.indices.contains(position) ? rungs[position] : nil }

    init(_ resource: Resource, epoch: Epoch?, owner: OperationOwner, wasAlive: Bool? = nil) {
        self.resource = resource.id
        self.epoch = epoch
        incarnation = resource.incarnation
        self.wasAlive = wasAlive ?? (resource.liveness == .alive)
        owners = [owner]
        rungs = resource.ladder
    }

    mutating func next() {
        position += 1
        deadline = nil
        isCutting = false
        cut = nil
    }
}

extension Ladder {
    /// What a person reads when no rung had evidence: each rung with its reason, and what is left to do.
    func exhausted(isSwitched: Bool) -> MusterError {
        let reasons = failures.map { "\($0.rung.name): \($0.error.message)" }.joined(separator: "; ")
        let tried = failures.filter(\.wasTried)
        let confirm = "if you have seen that it is off: muster fence \(resource) --confirm-off"
        if tried.isEmpty {
            return MusterError(
                isSwitched ? .notFenced : .noBMC, "nothing can fence \(resource): \(reasons)",
                hint: "give it bmc = { … } or another rung in fleet.lua; or \(confirm)", subject: resource.rawValue)
        }
        return MusterError(
            .notFenced, "\(resource) could not be fenced: \(reasons)", hint: advice(tried, confirm), subject: resource.rawValue)
    }

    /// What each rung advises, and the way that is always left.
    private func advice(_ tried: [Failure], _ confirm: String) -> String {
        var hints: [String] = []
        for case let hint? in tried.map(\.error.hint) where !hint.contains("--confirm-off") && !hints.contains(hint) { hints.append(hint) }
        return hints.isEmpty ? confirm : hints.joined(separator: "; ") + "; or " + confirm
    }

    /// The rungs' reasons as an event carries them.
    var reasons: Value {
        .array(
            failures.map {
                [
                    "rung": .string($0.rung.name), "code": .string($0.error.code.rawValue), "message": .string($0.error.message),
                    "hint": $0.error.hint.map { .string($0) } ?? .null, "tried": .bool($0.wasTried),
                ]
            })
    }
}
