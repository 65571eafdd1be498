import MusterCore

// One writer: the rules of claims (design, rule 1).
extension Engine {
    /// Gives a resource the right to run a server's image. An earlier claim must be over, or be ended by valid evidence, which this
    /// spends. Errors: `claim_alive`, `no_evidence`, `evidence_void`, `wrong_state`, `image_in_use`.
    mutating func claim(_ server: Server, on resource: Resource, madeBy: String, now: Now) throws -> Claim {
        try refuseWhileUnproven("\(server.id) is not claimed", subject: server.id.rawValue)
        try refuseUnlessFree(resource, for: server)
        guard let image = world.images[server.image] else {
            throw MusterError(
                .notFound, "server \(server.id) names image \(server.image), which is not declared", subject: server.id.rawValue)
        }
        if let other = world.aliveClaim(of: image.id), other.server != server.id {
            throw MusterError(
                .imageInUse, "image \(image.id) is claimed by server \(other.server) on \(other.resource)",
                hint: "one image has one writer: give each server its own image", subject: image.id.rawValue)
        }
        if let earlier = world.aliveClaim(of: server.id) { try end(earlier, now: now) }
        if !Mutation.epochReused.isActive || world.general.lastEpoch == Epoch(0) { world.update { $0.lastEpoch = $0.lastEpoch.next } }
        var claim = Claim(
            epoch: world.general.lastEpoch, server: server.id, image: image.id, resource: resource.id, at: now.wall)
        claim.madeBy = madeBy
        world.put(claim)
        chances[server.id, default: []].insert(resource.id)
        var claimed = resource
        claimed.incarnation += 1
        world.put(claimed)
        emit(
            "claim.made", resource: resource.id, server: server.id, data: ["epoch": .int(claim.epoch.rawValue)], now: now)
        return claim
    }

    private func refuseUnlessFree(_ resource: Resource, for server: Server) throws {
        if let other = world.aliveClaim(on: resource.id) {
            throw MusterError(
                .claimAlive, "\(resource.id) runs \(other.server) (epoch \(other.epoch)) and can run nothing else",
                hint: "choose another resource, or release \(other.server) first", subject: resource.id.rawValue)
        }
        guard resource.mode == .active else {
            throw MusterError(.wrongState, "\(resource.id) is in maintenance", subject: resource.id.rawValue)
        }
        guard resource.failure == nil || resource.failure?.fenced != nil else {
            throw MusterError(.wrongState, "\(resource.id) has failed and is not fenced", subject: resource.id.rawValue)
        }
        if let why = hypervisorObjection(to: resource) ?? world.guestsInUse(on: resource.id).words(after: "it carries") {
            throw MusterError(.wrongState, "\(server.id) cannot have \(resource.id): \(why)", subject: resource.id.rawValue)
        }
        guard server.fits(resource) else {
            throw MusterError(
                .wrongState, "\(server.id) does not fit on \(resource.id)",
                hint: "it needs \(server.memoryMiB) MiB, \(server.cpus) CPUs, tags \(server.tags)", subject: server.id.rawValue)
        }
    }

    /// Ends a claim by spending the valid evidence that is bound to it.
    mutating func end(_ claim: Claim, now: Now) throws {
        guard let evidence = validEvidence(for: claim) else {
            if Mutation.claimWithoutEvidence.isActive {
                return spend(record(.off, claim.resource, epoch: claim.epoch, detail: "none", now: now), on: claim, now: now)
            }
            throw refusal(claim)
        }
        spend(evidence, on: claim, now: now)
    }

    mutating func spend(_ evidence: Evidence, on claim: Claim, now: Now) {
        var evidence = evidence
        var claim = claim
        evidence.spent = !Mutation.evidenceSpentTwice.isActive
        claim.ended = evidence.id
        world.put(evidence)
        world.put(claim)
        // Nothing about a claim that is over stays valid: it would be held against the machine's next one.
        for var other in world.evidence(about: claim.resource) where other.id != evidence.id && other.epoch == claim.epoch && other.isValid
        {
            other.voided = "the end of its claim"
            world.put(other)
        }
        if var server = world.servers[claim.server] {
            server.readyEpoch = nil
            world.put(server)
        }
        emit(
            "claim.ended", resource: claim.resource, server: claim.server,
            data: ["epoch": .int(claim.epoch.rawValue), "evidence": .string(evidence.kind.rawValue)], now: now)
    }

    private func refusal(_ claim: Claim) -> MusterError {
        let what = "\(claim.resource) may still write the image of \(claim.server) (epoch \(claim.epoch))"
        let voided = world.evidence(about: claim.resource).last { $0.epoch == claim.epoch }?.voided
        if let voided {
            return MusterError(
                .evidenceVoid, "\(what): the evidence was voided by \(voided)", hint: "fence \(claim.resource) again",
                subject: claim.resource.rawValue)
        }
        return MusterError(
            .claimAlive, "\(what): there is no evidence that it is off", hint: "fence \(claim.resource) first",
            subject: claim.resource.rawValue)
    }

    /// The unspent, unvoided evidence bound to exactly this claim.
    func validEvidence(for claim: Claim) -> Evidence? {
        world.evidence(about: claim.resource).last { ($0.epoch == claim.epoch || Mutation.evidenceSpentTwice.isActive) && $0.isValid }
    }

    /// The unspent, unvoided evidence about a machine.
    func validEvidence(for id: ResourceID) -> Evidence? {
        world.evidence(about: id).last(where: \.isValid)
    }

    mutating func record(
        _ kind: Evidence.Kind, _ id: ResourceID, epoch: Epoch?, detail: String, operatorName: String? = nil, hypervisor: ResourceID? = nil,
        now: Now
    ) -> Evidence {
        world.update { $0.lastEvidence = $0.lastEvidence.next }
        var evidence = Evidence(
            id: world.general.lastEvidence, kind: kind, resource: id, epoch: epoch, at: now.wall, detail: detail,
            operatorName: operatorName)
        evidence.hypervisor = hypervisor
        world.put(evidence)
        trackers[id, default: Tracker()].evidenceAt = now.monotonic
        return evidence
    }
}
