import MusterCore

// The fence ladder: each rung is tried until it has evidence or has failed, then comes the next.
extension Engine {
    /// Begins to fence a machine, or joins the fence that is under way for the same incarnation and claim. Errors: what is thrown when no
    /// rung applies, after it is told as `fence.failed`.
    /// - Parameter wasAlive: Whether the machine lived when the order was given; nil: when it does now.
    mutating func startLadder(_ resource: Resource, for owner: OperationOwner, wasAlive: Bool? = nil, now: Now) throws {
        let epoch = world.aliveClaim(on: resource.id)?.epoch
        if let known = ladders.of(resource.id).first(where: { $0.ladder.epoch == epoch && $0.ladder.incarnation == resource.incarnation }) {
            ladders[known.id]?.owners.append(owner)
            return
        }
        var ladder = Ladder(resource, epoch: epoch, owner: owner, wasAlive: wasAlive)
        let objections = ladder.rungs.map { objection(to: $0, resource, epoch: epoch) }
        if !objections.contains(nil) {
            ladder.failures = zip(ladder.rungs, objections).map { passedOver($0, $1 ?? "") }
            throw tellExhausted(ladder, now: now)
        }
        lastLadder += 1
        let id = LadderID(number: lastLadder)
        ladders[id] = ladder
        climb(id, now: now)
    }

    /// Milliseconds that a rung may take.
    func timeout(of rung: FenceRung) -> Int64 {
        let settings = world.general.settings
        // A cut and a silence take longer than a controller, whatever patience somebody has with those.
        return rung.timeout ?? (rung.kind == .storage ? max(settings.fenceTimeout, 3 * settings.failedAfter) : settings.fenceTimeout)
    }

    /// Why a rung does not apply to a machine; nil when it does.
    func objection(to rung: FenceRung, _ resource: Resource, epoch: Epoch?) -> String? {
        switch rung.kind {
        case .bmc: resource.bmc == nil ? "no BMC is declared" : nil
        case .agent: rung.agent == nil ? "no agent is declared" : nil
        case .hypervisor: hypervisorRungObjection(resource)
        case .storage: storageObjection(resource, epoch: epoch)
        case .lease: leaseObjection(resource, epoch: epoch)
        }
    }

    private func passedOver(_ rung: FenceRung, _ reason: String) -> Ladder.Failure {
        Ladder.Failure(rung: rung, error: MusterError("not_applicable", reason), wasTried: false)
    }

    /// Why what was ordered must not go on: the machine is not the one that it was ordered for. Nil when it may.
    func staleness(of ladder: Ladder) -> MusterError? {
        guard let resource = world.resources[ladder.resource] else { return unknownResource(ladder.resource.rawValue) }
        let cameBack = !ladder.wasAlive && resource.liveness == .alive
        guard cameBack || resource.incarnation != ladder.incarnation || world.aliveClaim(on: resource.id)?.epoch != ladder.epoch,
            !Mutation.staleOrderObeyed.isActive
        else { return nil }
        return MusterError(
            .stale, "\(ladder.resource) came back, or its claim ended, while it was being fenced: the rest of its ladder is not tried",
            hint: "it booted or came back since: look again with refresh()", subject: ladder.resource.rawValue)
    }

    /// Tries the next rung.
    private mutating func climb(_ id: LadderID, now: Now) {
        while var ladder = ladders[id] {
            if let error = staleness(of: ladder) {
                tellFailed(ladder, error, now: now)
                return endLadder(id, .failure(error), now: now)
            }
            ladder.next()
            ladders[id] = ladder
            guard let rung = ladder.rung, let resource = world.resources[ladder.resource] else {
                return endLadder(id, .failure(tellExhausted(ladder, now: now)), now: now)
            }
            if let contradiction = contradiction(rung, resource, now: now) { return rungFailed(id, rung, contradiction, now: now) }
            if let reason = objection(to: rung, resource, epoch: ladder.epoch) {
                let failure = passedOver(rung, reason)
                ladders[id]?.failures.append(failure)
                continue
            }
            begin(rung, id, resource, now: now)
            return scheduleLadder(id, now: now)
        }
    }

    private mutating func begin(_ rung: FenceRung, _ id: LadderID, _ resource: Resource, now: Now) {
        guard let ladder = ladders[id] else { return }
        let timeout = timeout(of: rung)
        let owner = OperationOwner.ladder(id, position: ladder.position)
        // Drivers keep the time themselves; one that hangs must not keep the ladder.
        let grace: Int64 = [.bmc, .agent, .hypervisor].contains(rung.kind) ? 15_000 : 0
        ladders[id]?.deadline = now.monotonic.advanced(by: timeout + grace)
        switch rung.kind {
        case .bmc:
            guard let bmc = resource.bmc else { return }
            begin(powerOff(resource, .bmc(bmc), epoch: ladder.epoch, timeout: timeout, fence: true), for: owner)
        case .agent:
            guard let agent = rung.agent else { return }
            begin(.fenceAgent(resource.id, agent, epoch: ladder.epoch, timeout: timeout), for: owner)
        case .storage: beginStorageRung(id, now: now)
        case .lease: beginLeaseRung(id, rung, now: now)
        case .hypervisor:
            guard let control = try? controlForOrder(resource, now: now) else { return }
            begin(powerOff(resource, control, epoch: ladder.epoch, timeout: timeout, fence: true), for: owner)
        }
    }

    /// A rung's job is done. What it means for the world is settled; here it goes up the ladder, or ends it.
    mutating func rungEnded(_ id: LadderID, position: Int, _ outcome: Step.Outcome, now: Now) {
        guard let ladder = ladders[id], ladder.position == position, let rung = ladder.rung else { return }
        switch outcome {
        case .error(let error): rungFailed(id, rung, error, now: now)
        case .value where rung.kind == .storage: cutSeen(id, now: now)
        // Seen off: `fenced` has ended the ladder. What is left was seen off for another claim.
        case .value: climb(id, now: now)
        }
    }

    mutating func rungFailed(_ id: LadderID, _ rung: FenceRung, _ error: MusterError, now: Now) {
        guard let ladder = ladders[id] else { return }
        ladders[id]?.failures.append(Ladder.Failure(rung: rung, error: error, wasTried: true))
        emit(
            "fence.rung_failed", resource: ladder.resource,
            data: [
                "rung": .string(rung.name), "code": .string(error.code.rawValue), "message": .string(error.message),
                "hint": error.hint.map { .string($0) } ?? .null,
            ], now: now)
        climb(id, now: now)
    }

    /// Looks at the rungs whose time has come or whose machine has changed.
    mutating func watchLadders(now: Now) {
        for id in ladders.take(now: now.monotonic) {
            watchLadder(id, now: now)
            scheduleLadder(id, now: now)
        }
    }

    private mutating func watchLadder(_ id: LadderID, now: Now) {
        if ladders[id]?.rung?.kind == .storage { watchStorageRung(id, now: now) }
        if ladders[id]?.rung?.kind == .lease { watchLeaseRung(id, now: now) }
        guard let ladder = ladders[id], let rung = ladder.rung, let deadline = ladder.deadline, now.monotonic >= deadline else { return }
        let error =
            rung.kind == .storage
            ? storageTimeout(ladder, rung, now: now)
            : MusterError(
                .timeout, "no answer within \(Quantity.people(milliseconds: timeout(of: rung)))", subject: ladder.resource.rawValue)
        rungFailed(id, rung, error, now: now)
    }

    /// Sets when a ladder is looked at again. A look that comes too early finds nothing.
    mutating func scheduleLadder(_ id: LadderID, now: Now) {
        guard let ladder = ladders[id] else { return }
        switch ladder.rung?.kind {
        case .storage:
            let proven = silentSinceCut(ladder, now: now.monotonic)?.advanced(by: world.general.settings.failedAfter)
            // The end of the cut is told; who opens the export, or the network, is waited for.
            let isWaiting = ladder.cut == nil ? !ladder.isCutting : proven == nil
            ladders.schedule(id, at: [ladder.deadline, proven].compactMap { $0 }.min(), eachTurn: isWaiting)
        case .lease:
            let end = leaseEnd(ladder, now: now.monotonic)
            let isWaiting = end == nil || touchesTold <= ladder.touchesTold
            ladders.schedule(id, at: [ladder.deadline, end].compactMap { $0 }.min(), eachTurn: isWaiting)
        default: ladders.schedule(id, at: ladder.deadline, eachTurn: false)
        }
    }

    // MARK: The end

    private mutating func tellExhausted(_ ladder: Ladder, now: Now) -> MusterError {
        let error = ladder.exhausted(isSwitched: world.resources[ladder.resource]?.isSwitched == true)
        tellFailed(ladder, error, now: now)
        return error
    }

    mutating func tellFailed(_ ladder: Ladder, _ error: MusterError, now: Now) {
        emit(
            "fence.failed", resource: ladder.resource,
            data: [
                "code": .string(error.code.rawValue), "message": .string(error.message), "hint": error.hint.map { .string($0) } ?? .null,
                "rungs": ladder.reasons,
            ], now: now)
    }

    mutating func endLadder(_ id: LadderID, _ result: Result<Evidence, MusterError>, now: Now) {
        guard let ladder = ladders[id] else { return }
        ladders[id] = nil
        forgetOrder(of: ladder)
        let outcome: Step.Outcome
        do { outcome = .value(try Value(encoding: try result.get())) } catch { outcome = .error(MusterError(unexpected: error)) }
        for case .step(let run, let address) in ladder.owners { complete(run, address, outcome, now: now) }
        if let server = ladder.epoch.flatMap({ world.claims[$0]?.server }) { world.reviewAgain(server) }
        needsReview = true
    }

    /// There is evidence against a machine: whoever fences it has what they wanted, whichever rung it came from.
    mutating func fenced(_ resource: Resource, _ evidence: Evidence, now: Now) {
        emit("resource.fenced", resource: resource.id, data: evidenceData(evidence), now: now)
        endLadders(of: resource.id, evidence, now: now)
        wantServerAfterEvidence(resource, now: now)
        if Mutation.guestOffByOtherEvidence.isActive, let control = control(of: resource) {
            try? guestsAreOff(HypervisorQuestion(hypervisor: resource.id, control: control, asked: now.monotonic), now: now)
        }
    }

    /// Ends the ladders of a machine whose evidence is about what they were ordered for.
    mutating func endLadders(of id: ResourceID, _ evidence: Evidence, now: Now) {
        for (ladder, state) in ladders.of(id) where state.epoch == evidence.epoch {
            endLadder(ladder, .success(evidence), now: now)
        }
    }
}
