import MusterCore

/// The question whether a hypervisor is off: then its guests are off with it.
public struct HypervisorQuestion: Sendable, Hashable {
    public var hypervisor: ResourceID
    /// By what the hypervisor's own power is read.
    public var control: PowerControl
    /// The hypervisor's DMI UUID when it is known: a BMC must report the same GUID.
    public var uuid: String?
    /// Guests that were heard after this are none of the answer's business.
    public var asked: Moment
    /// The guest that somebody waits for, and why the hypervisor did not end it itself.
    public var guest: ResourceID?
    public var failure: MusterError?
}

// A guest cannot outlive its hypervisor. That one was seen off after the guest was last heard is evidence that the guest is off; an old
// reading is none, and what else is known of a hypervisor (its export is cut, its watchdog's lease ran out) says nothing of its guests.
extension Engine {
    /// Reads a hypervisor that was seen off once more, for the guests that are not heard any more: what was read before they were last
    /// heard says nothing about them. Nothing when none of them waits for that.
    mutating func lookAtGuests(of hypervisor: ResourceID, now: Now) {
        noteOutliving(hypervisor, now: now)
        guard !world.guests(of: hypervisor).isEmpty, let resource = world.resources[hypervisor], resource.power == .off,
            let control = control(of: resource),
            !isContradicted(hypervisor, now: now), !isPoweringOn(hypervisor),
            world.guests(of: hypervisor).contains(where: waitsForHypervisor)
        else { return }
        let isAsked = operations.of(hypervisor).contains {
            if case .readHypervisor(let question) = $0 { question.guest == nil } else { false }
        }
        if isAsked { return }
        let question = HypervisorQuestion(hypervisor: hypervisor, control: control, uuid: knownUUID(of: resource), asked: now.monotonic)
        if Mutation.guestOffByOldReading.isActive { return (try? guestsAreOff(question, now: now)) ?? () }
        begin(.readHypervisor(question), for: .engine)
    }

    private func knownUUID(of resource: Resource) -> String? { Mutation.identityUnchecked.isActive ? nil : resource.uuid }

    /// Whether the end of its hypervisor would be news about a guest: it is not heard, not known to be off, and not known to be elsewhere.
    /// Of one that is not accounted for since a restore that is not known: it may have been declared elsewhere after the backup.
    private func waitsForHypervisor(_ id: ResourceID) -> Bool {
        guard let guest = world.resources[id], guest.liveness != .alive, guest.strayed != true, guest.unproven != true else { return false }
        guard let claim = world.aliveClaim(on: id) else {
            return guest.liveness == .silent || guest.startingSince != nil || guest.power == .on
        }
        return validEvidence(for: claim) == nil
    }

    /// What to ask when a hypervisor has not ended a guest: whether it is off itself. Nil when nothing can be asked.
    func hypervisorQuestion(after operation: Operation, _ result: Result<OperationResult, MusterError>, now: Now) -> HypervisorQuestion? {
        guard case .powerOff(let id, .hypervisor(let guest), _, _, _, _) = operation, case .failure(let error) = result,
            // One that answered is not off, whatever its controller may read.
            ![.guestAbsent, .guestIdentity, .stale, .noHypervisorDriver, .stillOn, .hypervisorRefused].contains(error.code),
            world.resources[id]?.strayed != true, let hypervisor = world.resources[guest.hypervisor], let control = control(of: hypervisor)
        else { return nil }
        return HypervisorQuestion(
            hypervisor: hypervisor.id, control: control, uuid: knownUUID(of: hypervisor), asked: now.monotonic, guest: id, failure: error)
    }

    /// Takes a hypervisor's reading for its guests, and gives the evidence about the one that somebody waits for.
    mutating func hypervisorRead(
        _ question: HypervisorQuestion, _ result: Result<OperationResult, MusterError>, for owner: OperationOwner, now: Now
    ) throws -> Value {
        let isOff = (try? result.get().power) == .off
        // A reading may end up on record after its hypervisor was switched on again.
        if isOff, !isPoweringOn(question.hypervisor) { try guestsAreOff(question, now: now) }
        if question.guest == nil {
            if isOff { lookAtGuests(of: question.hypervisor, now: now) }
            return .null
        }
        let evidence = question.guest.flatMap { id in
            world.evidence(about: id).last { $0.isValid && $0.kind == .off && $0.hypervisor == question.hypervisor }
        }
        if let evidence { return try Value(encoding: evidence) }
        let error = question.failure ?? MusterError(.stillOn, "\(question.hypervisor) is on", subject: question.hypervisor.rawValue)
        if case .ladder = owner {} else if let id = question.guest { tellPowerOffFailed(id, .failure(error), now: now) }
        throw error
    }

    mutating func guestsAreOff(_ question: HypervisorQuestion, now: Now) throws {
        noteOutliving(question.hypervisor, now: now)
        if isContradicted(question.hypervisor, now: now)
            || heard(question.hypervisor, at: now.monotonic).map({ $0 > question.asked }) == true
        {
            return
        }
        for id in world.guests(of: question.hypervisor) where waitsForHypervisor(id) {
            guard let guest = world.resources[id], guest.liveness != .alive,
                heard(id, at: now.monotonic).map({ $0 < question.asked }) ?? true
            else { continue }
            guard let claim = world.aliveClaim(on: id) else {
                isOff(idle: guest, now: now)
                continue
            }
            _ = try poweredOff(
                id, epoch: claim.epoch, fence: true, hypervisor: question.hypervisor,
                .success(.words("its hypervisor \(question.hypervisor) is off, as its \(question.control.words) reads")), now: now)
        }
    }

    /// A guest that ran nothing is off, not failed.
    private mutating func isOff(idle guest: Resource, now: Now) {
        var guest = guest
        (guest.liveness, guest.startingSince, guest.boot, guest.failure, guest.unproven) = (.unknown, nil, nil, nil, nil)
        guest.power = .off
        trackers[guest.id, default: Tracker()].evidenceAt = now.monotonic
        accountForSleep(&guest, now: now)
        world.put(guest)
        emit("resource.power_off", resource: guest.id, now: now)
    }

    /// An operator who saw a hypervisor off saw its guests off. Those that are heard are elsewhere, or the word is wrong: they stay as they are.
    mutating func confirmGuestsOff(of hypervisor: ResourceID, operatorName: String, now: Now) {
        for id in world.guests(of: hypervisor) where waitsForHypervisor(id) {
            guard var guest = world.resources[id] else { continue }
            guard let claim = world.aliveClaim(on: id) else {
                isOff(idle: guest, now: now)
                continue
            }
            let evidence = record(
                .manual, id, epoch: claim.epoch, detail: "\(operatorName) confirmed that its hypervisor \(hypervisor) is off",
                operatorName: operatorName, hypervisor: hypervisor, now: now)
            (guest.liveness, guest.startingSince, guest.boot, guest.unproven) = (.unknown, nil, nil, nil)
            guest.failure = guest.failure ?? Failure(silence: 0, at: now.wall)
            guest.failure?.held = nil
            guest.failure?.fenced = evidence.id
            guest.failure?.withHypervisor = true
            world.put(guest)
            fenced(guest, evidence, now: now)
        }
    }

    // MARK: When the hypervisor comes back

    /// A hypervisor that was believed off shows life, and nobody knows since when: what its end said about its guests counts no more.
    mutating func voidForGuests(of hypervisor: ResourceID, _ what: String, now: Now) {
        for id in world.guests(of: hypervisor) {
            let wrong = world.evidence(about: id).filter { $0.isValid && $0.hypervisor == hypervisor }
            if wrong.isEmpty { continue }
            for var item in wrong {
                item.voided = "\(what) of its hypervisor \(hypervisor)"
                world.put(item)
                emit(
                    "evidence.voided", resource: id, data: ["evidence": .int(item.id.rawValue), "sign": .string(item.voided ?? what)],
                    now: now)
            }
            if var guest = world.resources[id], guest.failure?.fenced != nil {
                guest.failure?.fenced = nil
                guest.failure?.withHypervisor = nil
                world.put(guest)
            }
            callAgain(id, now: now)
        }
    }

    /// A guest that was off with its hypervisor and is read off now has nothing wrong with it: it can be started again.
    mutating func wasOffWithHypervisor(_ id: ResourceID, now: Now) {
        guard var guest = world.resources[id], guest.failure?.withHypervisor == true, world.aliveClaim(on: id) == nil else { return }
        guest.failure = nil
        guest.power = .off
        world.put(guest)
    }
}
