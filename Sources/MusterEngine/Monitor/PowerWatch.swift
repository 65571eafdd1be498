import MusterCore

// Power readings: the second witness.
extension Engine {
    mutating func powerRead(
        _ id: ResourceID, asked: Moment, _ result: Result<OperationResult, MusterError>, now: Now
    ) {
        noteStray(id, result)
        guard var resource = world.resources[id] else { return }
        // The answer to an earlier question than the one answered last is older news, a silence above all: its patience ends late.
        if let readAt = trackers[id]?.readAt, asked < readAt { return }
        switch result {
        case .failure(let error):
            drawSeen(id, watts: nil, now: now)
            // A hypervisor that is not there answers nothing: that is no news about its guests.
            if error.code == .hypervisorSilent, !world.isCarried(resource) { return }
            guard resource.bmcFault?.code != error.code else { return }
            resource.bmcFault = error
            world.put(resource)
            emit(
                "resource.bmc_fault", resource: id,
                data: ["code": .string(error.code.rawValue), "message": .string(error.message)], now: now)
        case .success(let value):
            if value.power == .off, let contradiction = contradiction(resource, now: now) {
                return contradicted(id, contradiction, asked: asked, now: now)
            }
            let answersAgain = resource.bmcFault != nil
            if answersAgain {
                resource.bmcFault = nil
                world.put(resource)
                emit("resource.bmc_answers", resource: id, now: now)
            }
            // A reading asked for before an order's readback is older news than the readback.
            if let evidenceAt = trackers[id]?.evidenceAt, asked <= evidenceAt { return }
            // So is one of off from before a heartbeat.
            if value.power == .off, let heard = heard(id, at: now.monotonic), asked < heard { return }
            setPower(id, value.power, asked: asked, now: now)
            if value.power == .off { noteOutliving(id, now: now) }
            let wentOff = resource.power != .off && value.power == .off
            if answersAgain || wentOff { callAgain(id, now: now) }
        }
    }

    /// A controller reads off while its machine speaks: nothing is known of that one's power.
    private mutating func contradicted(_ id: ResourceID, _ contradiction: MusterError, asked: Moment, now: Now) {
        trackers[id]?.reading = nil
        if var resource = world.resources[id], resource.power == .off {
            resource.power = .unknown
            accountForSleep(&resource, now: now)
            world.put(resource)
        }
        powerRead(id, asked: asked, .failure(contradiction), now: now)
    }

    /// Takes a power reading for a fact.
    mutating func setPower(_ id: ResourceID, _ power: Power, asked: Moment, now: Now) {
        trackers[id, default: Tracker()].reading = power
        trackers[id]?.readAt = asked
        let offSince = trackers[id]?.offSince
        trackers[id]?.offSince = power == .off ? offSince ?? now.monotonic : nil
        if power == .on { signOfLife(of: id, "a power reading of on", now: now) }
        if power == .off { wasOffWithHypervisor(id, now: now) }
        guard var resource = world.resources[id] else { return }
        if power == .off, resource.liveness == .silent || !heldOrders.isEmpty { lookout.soon(id) }
        guard resource.power != power else { return }
        let previous = resource.power
        resource.power = power
        if power != .on { trackers[id]?.meter?.watts = nil }
        accountForSleep(&resource, now: now)
        if power == .off, !hasOthersController(resource) { resource.unproven = nil }
        if power == .off, resource.liveness == .alive || resource.liveness == .silent, world.aliveClaim(on: id) == nil,
            resource.failure == nil
        {
            // An idle machine that went off is off, not failed: nobody waits for it. Should it speak again in this boot, it never was.
            resource.liveness = .unknown
            if resource.hypervisor != nil { resource.boot = nil }
        }
        if previous == .off, power == .on {
            resource.incarnation += 1
            if resource.liveness != .alive, resource.startingSince == nil { resource.startingSince = now.wall }
        }
        world.put(resource)
        if previous != .unknown {
            emit(power == .on ? "resource.power_on" : "resource.power_off", resource: id, now: now)
        }
        if power == .off { lookAtGuests(of: id, now: now) }
    }

    /// Whether its controller is known to be another machine's.
    func hasOthersController(_ resource: Resource) -> Bool {
        guard let uuid = resource.uuid, let guid = resource.bmc?.guid else { return false }
        return !Identity.matches(guid: guid, uuid: uuid)
    }

    mutating func poweredOn(
        _ id: ResourceID, _ result: Result<OperationResult, MusterError>, now: Now
    ) throws -> Value {
        _ = try result.get()
        setPower(id, .on, asked: now.monotonic, now: now)
        return .null
    }

    /// Compares the controller's GUID with the machine's UUID once both are known.
    mutating func checkIdentity(_ id: ResourceID, now: Now) {
        guard let resource = world.resources[id], resource.uuid != nil, let bmc = resource.bmc, bmc.guid == nil else { return }
        begin(.readGUID(id, bmc), for: .engine)
    }

    mutating func learnedGUID(
        _ id: ResourceID, _ bmc: BMC, _ result: Result<OperationResult, MusterError>, now: Now
    ) throws -> Value {
        // A controller that has no GUID is no fault; power actions check again where both are known.
        guard case .words(let guid) = try result.get(), var resource = world.resources[id], resource.bmc == bmc else {
            return .null
        }
        resource.bmc?.guid = guid
        world.put(resource)
        if let uuid = resource.uuid, !Identity.matches(guid: guid, uuid: uuid) {
            emit(
                "resource.bmc_mismatch", resource: id, data: ["guid": .string(guid), "uuid": .string(uuid)], now: now)
        }
        return .string(guid)
    }
}
