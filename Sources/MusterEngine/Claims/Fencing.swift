import MusterCore

// Making sure that a machine can touch nothing any more.
extension Engine {
    /// Whether an order to fence or power off this machine is under way, also one in doubt after a restart.
    func isFencing(_ id: ResourceID) -> Bool {
        let byOperation = operations.of(id).contains {
            switch $0 {
            case .powerOff, .fenceAgent: true
            default: false
            }
        }
        // A ladder may be between two rungs, or wait for a silence.
        return byOperation || !ladders.of(id).isEmpty || world.powerOrders(to: id).contains { Self.powerOffSteps.contains($0.name) }
    }

    /// Whether its controller is carrying out an order to switch it on.
    private func isSwitchingOn(_ id: ResourceID) -> Bool {
        operations.of(id).contains { if case .powerOn = $0 { true } else { false } }
    }

    /// Whether an order to switch this machine on is under way, also one in doubt after a restart.
    func isPoweringOn(_ id: ResourceID) -> Bool {
        isSwitchingOn(id) || world.powerOrders(to: id).contains { $0.name == "resource.power_on" }
    }

    static let powerOffSteps: Set<String> = ["resource.fence", "resource.power_off"]

    /// The machine was seen off: that is the evidence, bound to the claim that it had when the order was given.
    ///
    /// - Parameter hypervisor: The hypervisor that was seen off, when that is what speaks for its guest.
    mutating func poweredOff(
        _ id: ResourceID, epoch: Epoch?, fence: Bool, hypervisor: ResourceID? = nil, _ result: Result<OperationResult, MusterError>,
        now: Now
    ) throws -> Value {
        let isBelieved = Mutation.fenceOnCompletionCode.isActive && (try? result.get()) == nil
        let words = isBelieved ? "the order was taken" : try result.get().words
        guard var resource = world.resources[id] else { return .null }
        let evidence = record(.off, id, epoch: epoch, detail: words, hypervisor: hypervisor, now: now)
        trackers[id]?.reading = .off
        trackers[id]?.readAt = now.monotonic
        if trackers[id]?.offSince == nil { trackers[id]?.offSince = now.monotonic }
        let wasOn = resource.power != .off
        resource.power = .off
        resource.liveness = .unknown
        resource.startingSince = nil
        resource.boot = nil
        resource.unproven = nil
        if fence || resource.failure != nil {
            resource.failure = resource.failure ?? Failure(silence: 0, at: now.wall)
            resource.failure?.held = nil
            resource.failure?.fenced = evidence.id
            if hypervisor != nil { resource.failure?.withHypervisor = true }
        }
        accountForSleep(&resource, now: now)
        world.put(resource)
        if fence {
            emit("resource.fenced", resource: id, data: evidenceData(evidence), now: now)
        } else if wasOn {
            emit("resource.power_off", resource: id, data: evidenceData(evidence), now: now)
        }
        // Seen off, but an order to power on is under way: off it will not stay.
        if isSwitchingOn(id) { signOfLife(of: id, "an order to power on", now: now) }
        endLadders(of: id, evidence, now: now)
        wantServerAfterEvidence(resource, now: now)
        lookAtGuests(of: id, now: now)
        return try Value(encoding: evidence)
    }

    /// A named person's word at the command line that a machine is off.
    public mutating func confirmOff(_ id: ResourceID, operatorName: String, now: Now) throws -> Evidence {
        guard var resource = world.resources[id] else { throw unknownResource(id.rawValue) }
        guard resource.liveness != .alive else {
            throw MusterError(
                .wrongState, "\(id) sends heartbeats: it is not off", hint: "switch it off and wait until it is silent",
                subject: id.rawValue)
        }
        let evidence = record(
            .manual, id, epoch: world.aliveClaim(on: id)?.epoch, detail: "\(operatorName) confirmed that it is off",
            operatorName: operatorName, now: now)
        resource.failure = resource.failure ?? Failure(silence: 0, at: now.wall)
        resource.failure?.held = nil
        resource.failure?.fenced = evidence.id
        resource.liveness = .unknown
        resource.startingSince = nil
        resource.boot = nil
        resource.unproven = nil
        resource.strayed = nil
        world.put(resource)
        fenced(resource, evidence, now: now)
        confirmGuestsOff(of: id, operatorName: operatorName, now: now)
        review(now: now)
        return evidence
    }

    /// The order to switch a machine off that has not failed.
    mutating func powerOffOperation(_ resource: Resource, now: Now) throws -> Operation {
        let control = try controlForOrder(resource, now: now)
        let epoch = world.aliveClaim(on: resource.id)?.epoch
        return powerOff(resource, control, epoch: epoch, timeout: world.general.settings.fenceTimeout, fence: false)
    }

    func powerOff(_ resource: Resource, _ control: PowerControl, epoch: Epoch?, timeout: Int64, fence: Bool) -> Operation {
        .powerOff(
            resource.id, control, uuid: Mutation.identityUnchecked.isActive ? nil : resource.uuid, epoch: epoch, timeout: timeout,
            fence: fence)
    }

    mutating func tellPowerOffFailed(_ id: ResourceID, _ result: Result<OperationResult, MusterError>, now: Now) {
        guard case .failure(let error) = result else { return }
        emit(
            "fence.failed", resource: id,
            data: [
                "code": .string(error.code.rawValue), "message": .string(error.message), "hint": error.hint.map { .string($0) } ?? .null,
            ],
            now: now)
    }

    /// A server that waited for this evidence and has nobody working for it is wanted again; nobody waits for it to be ready there.
    mutating func wantServerAfterEvidence(_ resource: Resource, now: Now) {
        guard let claim = world.aliveClaim(on: resource.id), var server = world.servers[claim.server] else { return }
        server.readyEpoch = nil
        world.put(server)
        needsReview = true
        let error = MusterError(
            "machine_failed", "\(resource.id) was fenced before \(server.id) was ready on it", subject: resource.id.rawValue)
        endReadyWaits(for: server.id, because: error, now: now)
        guard server.target == .running, responsibleRun(for: server.id) == nil else { return }
        emit("server.wanted", resource: resource.id, server: server.id, data: ["why": "its machine is fenced"], now: now)
    }

    func evidenceData(_ evidence: Evidence) -> Fields {
        [
            "evidence": .string(evidence.kind.rawValue), "detail": .string(evidence.detail),
            "operator": evidence.operatorName.map { .string($0) } ?? .null,
        ]
    }

    func unknownResource(_ name: String) -> MusterError {
        MusterError(.notFound, "there is no resource \"\(name)\"", hint: "muster resources lists them", subject: name)
    }

    func noBMC(_ id: ResourceID) -> MusterError {
        MusterError(
            .noBMC, "\(id) has no BMC declared",
            hint: "give it bmc = { … } in fleet.lua, or confirm by hand: muster fence \(id) --confirm-off",
            subject: id.rawValue)
    }
}
