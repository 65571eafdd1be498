import MusterCore
import MusterEngine

/// Watches the rules of safety (design, section 2) from outside: against what the machines really are, and against what was durable.
final class Rules {
    private let story: Story
    private let machines: Machines
    private let engine: SimulatedEngine
    private var lastEpoch = Epoch(0)
    private var lastEvent = EventID(0)
    /// Which claim's end each evidence has paid for.
    private var spent: [Evidence.ID: Epoch] = [:]
    /// When each evidence was recorded, and which of them say that a machine is off.
    private var recorded: [Evidence.ID: Int64] = [:]
    private var offs: Set<Evidence.ID> = []
    /// The evidence that is an operator's word, and the claims that it ended: their machines may be on, and their exports are cut first.
    private var words: Set<Evidence.ID> = []
    private var endedByWord: Set<Epoch> = []

    /// The evidence that says that an export is cut and its machine silent.
    private var revocations: Set<Evidence.ID> = []
    /// The machines whose fence an operator ordered, until it is over: alive as they may be.
    private var orderedByOperator: Set<ResourceID> = []
    private var claims: [Epoch: Claim] = [:]
    private var alive: [ServerID: Epoch] = [:]
    /// The living claims whose export a fence has ordered to be cut.
    private var cutsOrdered: Set<Epoch> = []

    init(story: Story, machines: Machines, engine: SimulatedEngine) {
        self.story = story
        self.machines = machines
        self.engine = engine
    }

    /// A batch is durable.
    func committed(_ batch: Batch) {
        for event in batch.events {
            if event.id != lastEvent.next {
                story.violate("event \(event.id) follows event \(lastEvent): numbers are neither left out nor used twice")
            }
            lastEvent = event.id
            if event.name == "fence.ordered", let id = event.resource { orderedByOperator.insert(id) }
            if event.name == "resource.fenced" || event.name == "fence.failed", let id = event.resource { orderedByOperator.remove(id) }
        }
        for change in batch.changes {
            switch change {
            case .evidence(let evidence): look(at: evidence)
            case .claim(let claim): look(at: claim)
            default: break
            }
        }
    }

    private func look(at claim: Claim) {
        defer { claims[claim.epoch] = claim }
        if claims[claim.epoch] == nil {
            if claim.epoch <= lastEpoch { story.violate("epoch \(claim.epoch) was given out after epoch \(lastEpoch)") }
            lastEpoch = max(lastEpoch, claim.epoch)
            if let other = alive[claim.server].flatMap({ claims[$0] }), other.isAlive {
                story.violate(
                    "\(claim.server) is claimed by \(claim.resource) (epoch \(claim.epoch)) while \(other.resource) has it (epoch \(other.epoch))"
                )
            }
        } else if let known = claims[claim.epoch] {
            if (known.server, known.resource) != (claim.server, claim.resource) || (!known.isAlive && claim.isAlive) {
                story.violate(
                    "epoch \(claim.epoch) was \(known.server)'s on \(known.resource) and is \(claim.server)'s on \(claim.resource)")
            }
            if known.isAlive, let evidence = claim.ended { ended(claim, by: evidence) }
        }
        if claim.isAlive { alive[claim.server] = claim.epoch }
        if claim.ended != nil, claim.exportCut { claims[claim.epoch] = nil }
    }

    private func ended(_ claim: Claim, by evidence: Evidence.ID) {
        let (name, recorded) = (claim.resource.rawValue, recorded[evidence] ?? 0)
        if let life = machines.shownLife[name], life > recorded, machines[name]?.isOn == true, offs.contains(evidence) {
            story.violate("evidence \(evidence) says that \(name) is off and ends epoch \(claim.epoch), and \(name) has shown life since")
        }
        if revocations.contains(evidence), machines.storage.isOpen(claim.epoch) {
            story.violate("evidence \(evidence) says that the export of epoch \(claim.epoch) is cut and ends it, and it is open")
        }
        if words.contains(evidence) { endedByWord.insert(claim.epoch) }
        if let other = spent.updateValue(claim.epoch, forKey: evidence) {
            story.violate("evidence \(evidence) has ended epoch \(other) and ends epoch \(claim.epoch) too")
        }
    }

    private func look(at evidence: Evidence) {
        if recorded[evidence.id] == nil { recorded[evidence.id] = machines.elapsed }
        if evidence.kind == .off { offs.insert(evidence.id) }
        if evidence.kind == .manual { words.insert(evidence.id) }
        if evidence.kind == .revoked, revocations.insert(evidence.id).inserted { lookAtRevocation(evidence) }
        if evidence.kind == .expired, let bootID = evidence.bootID, let machine = machines[evidence.resource.rawValue], machine.isOn,
            machine.bootID == bootID
        {
            story.violate("evidence \(evidence.id) says that the watchdog of \(machine.name) has reset it, and it still runs \(bootID)")
        }
        guard evidence.kind == .off, !evidence.spent, evidence.voided == nil, let machine = machines[evidence.resource.rawValue] else {
            return
        }
        // Somebody may press its button in the moments between the reading and its record.
        if machine.isOn, machine.stage != .firmware {
            story.violate("\(machine.name) is on, and evidence \(evidence.id) says that it is off")
        }
    }

    /// What is cut is cut, and whoever ran from it was not heard of since for as long as it takes to be believed dead (design, rule 3).
    private func lookAtRevocation(_ evidence: Evidence) {
        guard let epoch = evidence.epoch, let machine = machines[evidence.resource.rawValue] else { return }
        if machines.storage.isOpen(epoch) {
            story.violate("evidence \(evidence.id) says that \(machine.name) has lost the image of epoch \(epoch), and its export is open")
        }
        let patience = engine.engine.world.general.settings.failedAfter
        let isHeard = machine.isHeard || machines.shownLife[machine.name].map { machines.elapsed - $0 < patience } ?? false
        if machine.isUp, machine.epoch == epoch, isHeard {
            story.violate("evidence \(evidence.id) says that \(machine.name) is silent, and it still beats under epoch \(epoch)")
        }
    }

    /// Whether a fence of a machine that lives, as the engine could know, is ordered by nobody who may.
    private func isStaleFence(_ id: ResourceID) -> Bool {
        guard let resource = engine.engine.world.resources[id], resource.liveness == .alive, resource.failure == nil,
            let machine = machines[id.rawValue], machine.isUp, machine.bootID == resource.bootID, !orderedByOperator.contains(id)
        else { return false }
        // A machine whose export died has lost its disk, alive as it is.
        return engine.engine.world.aliveClaim(on: id)?.exportDied != true
    }

    /// The engine gives an order to the machines.
    func ordered(_ operation: Operation) {
        switch operation {
        case .powerOff(let id, _, _, _, _, fence: true):
            if isStaleFence(id) { story.violate("\(id) is to be fenced, and it is alive and heard: the order is stale") }
        case .fenceAgent(let id, _, _, _):
            if isStaleFence(id) { story.violate("\(id) is to be fenced by its agent, and it is alive and heard: the order is stale") }
        case .cutExport(let epoch, _):
            guard let claim = engine.engine.world.claims[epoch], claim.isAlive else { return }
            if claim.cutOrdered == nil { story.violate("the export of epoch \(epoch) is to be cut, and its claim is alive") }
            // What a fence has begun to cut is cut in the end, whoever lives by then.
            if cutsOrdered.insert(epoch).inserted, isStaleFence(claim.resource) {
                story.violate("\(claim.resource) is to lose its image, and it is alive and heard: the order is stale")
            }
        case .openExport(let request, let cutFirst):
            let open = machines.storage.openEpochs(of: request.image.id).filter { $0 != request.epoch }
            for epoch in open where !cutFirst.contains(epoch) {
                story.violate("the image \(request.image.id) is to be opened for epoch \(request.epoch) while epoch \(epoch) has it")
            }
            for epoch in open {
                guard let name = machines.homes[epoch], let machine = machines[name], machine.epoch == epoch, machine.isOn,
                    !endedByWord.contains(epoch)
                else { continue }
                story.violate("\(name) may still write the image \(request.image.id) (epoch \(epoch)), which epoch \(request.epoch) gets")
            }
        default: break
        }
    }
}
