import MusterCore

/// The jobs that drivers carry out now, found by their number, and by the machine or the claims that they are about.
struct Operations: Sendable {
    private var known: [OperationID: (operation: Operation, owner: OperationOwner)] = [:]
    private var byMachine: [ResourceID: Set<OperationID>] = [:]
    private var byClaim: [Epoch: Set<OperationID>] = [:]

    /// For what is rarely asked.
    var all: some Sequence<Operation> { known.values.lazy.map(\.operation) }
    func isUnderWay(for owner: OperationOwner) -> Bool { known.values.contains { $0.owner == owner } }

    func of(_ machine: ResourceID) -> [Operation] { (byMachine[machine] ?? []).compactMap { known[$0]?.operation } }

    /// Those that open or cut the export of a claim.
    func of(_ claim: Epoch) -> [Operation] { (byClaim[claim] ?? []).compactMap { known[$0]?.operation } }

    mutating func add(_ id: OperationID, _ operation: Operation, _ owner: OperationOwner) {
        known[id] = (operation, owner)
        if let machine = operation.machine { byMachine[machine, default: []].insert(id) }
        for claim in operation.claims { byClaim[claim, default: []].insert(id) }
    }

    mutating func remove(_ id: OperationID) -> (operation: Operation, owner: OperationOwner)? {
        guard let found = known.removeValue(forKey: id) else { return nil }
        if let machine = found.operation.machine { Self.remove(id, from: &byMachine, at: machine) }
        for claim in found.operation.claims { Self.remove(id, from: &byClaim, at: claim) }
        return found
    }

    private static func remove<Key: Hashable>(_ id: OperationID, from index: inout [Key: Set<OperationID>], at key: Key) {
        index[key]?.remove(id)
        if index[key]?.isEmpty == true { index[key] = nil }
    }
}

extension Operation {
    /// The machine that it asks or orders about.
    var machine: ResourceID? {
        switch self {
        case .readPower(let id, _, _), .readDraw(let id, _), .powerOn(let id, _, _, _), .powerOff(let id, _, _, _, _, _),
            .fenceAgent(let id, _, _, _), .softOff(let id, _), .setBootDevice(let id, _, _), .readGUID(let id, _):
            id
        case .readHypervisor(let question): question.hypervisor
        case .checkRung(let question): question.resource
        case .openExport, .cutExport, .listExports, .waitReady, .http, .metric, .program, .decide: nil
        }
    }

    /// The claims whose exports it opens or cuts.
    var claims: [Epoch] {
        switch self {
        case .openExport(let request, let cutFirst): [request.epoch] + cutFirst
        case .cutExport(let epoch, _): [epoch]
        default: []
        }
    }
}
