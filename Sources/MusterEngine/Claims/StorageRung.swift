import MusterCore

// The rung `storage`: the export of the machine's claim is cut, which saves the disk; then the machine has to be silent, which saves the
// address (design, rule 3). Its evidence is `revoked`.
extension Engine {
    /// Why there is nothing to cut for a machine; nil when there is.
    func storageObjection(_ resource: Resource, epoch: Epoch?) -> String? {
        guard let epoch, let claim = world.claims[epoch], claim.isAlive else { return "no image is exported to it" }
        // After a restore the machine may write an image of which nobody here knows.
        if resource.unproven == true || claim.unproven == true { return "the engine was restored, and what is exported to it is not known" }
        if world.images[claim.image] == nil { return "its image \(claim.image) is not declared" }
        return nil
    }

    /// Orders the cut: from now on, whatever becomes of this fence, nothing opens the claim's export again.
    mutating func beginStorageRung(_ id: LadderID, now: Now) {
        guard let ladder = ladders[id], let epoch = ladder.epoch, var claim = world.claims[epoch] else { return }
        if claim.cutOrdered == nil {
            claim.cutOrdered = now.wall
            world.put(claim)
        }
        if Mutation.revokedWithoutCut.isActive {
            claim.exportCut = true
            world.put(claim)
            ladders[id]?.cut = now.monotonic
            return
        }
        cutForFence(id)
    }

    /// Gives the order to cut, once nobody is opening what is to be cut.
    private mutating func cutForFence(_ id: LadderID) {
        guard let ladder = ladders[id], !ladder.isCutting, let epoch = ladder.epoch, let claim = world.claims[epoch],
            let image = world.images[claim.image], !isOpeningExport(epoch)
        else { return }
        ladders[id]?.isCutting = true
        begin(.cutExport(epoch, image), for: .ladder(id, position: ladder.position))
    }

    private func isOpeningExport(_ epoch: Epoch) -> Bool {
        operations.of(epoch).contains { if case .openExport(let request, _) = $0 { request.epoch == epoch } else { false } }
    }

    /// The export is cut: from here on the machine's silence counts.
    mutating func cutSeen(_ id: LadderID, now: Now) {
        ladders[id]?.cut = now.monotonic
        scheduleLadder(id, now: now)
    }

    /// From when on a machine whose export is cut is not heard; nil while nobody can say.
    func silentSinceCut(_ ladder: Ladder, now: Moment) -> Moment? {
        guard let cut = ladder.cut, networkUp, let listeningSince else { return nil }
        return [cut, listeningSince, heard(ladder.resource, at: now)].compactMap { $0 }.max()
    }

    /// Looks whether a storage rung has its evidence.
    mutating func watchStorageRung(_ id: LadderID, now: Now) {
        guard let ladder = ladders[id] else { return }
        if let error = staleness(of: ladder) {
            tellFailed(ladder, error, now: now)
            return endLadder(id, .failure(error), now: now)
        }
        guard ladder.cut != nil else { return cutForFence(id) }
        guard let since = silentSinceCut(ladder, now: now.monotonic) else { return }
        let silence = now.monotonic - since
        guard silence >= world.general.settings.failedAfter else { return }
        revoke(id, "its export is cut, and it was silent for \(Quantity.people(milliseconds: silence)) since", now: now)
    }

    /// What a storage rung has not seen when its time is over.
    func storageTimeout(_ ladder: Ladder, _ rung: FenceRung, now: Now) -> MusterError {
        let length = Quantity.people(milliseconds: timeout(of: rung))
        let what =
            if ladder.cut == nil {
                "its export was not seen cut within \(length)"
            } else if silentSinceCut(ladder, now: now.monotonic) == nil {
                "its export is cut, and the engine cannot hear whether it is silent"
            } else {
                "its export is cut, and within \(length) it was not silent for \(Quantity.people(milliseconds: world.general.settings.failedAfter))"
            }
        return MusterError(
            .timeout, what, hint: "it gets no image any more; switch it off, then: muster fence \(ladder.resource) --confirm-off",
            subject: ladder.resource.rawValue)
    }

    /// Whether the fence of a machine has cut its export and waits for its silence: nothing else keeps the machine from its next boot.
    func isCutForFence(_ id: ResourceID) -> Bool {
        guard let claim = world.aliveClaim(on: id), claim.cutOrdered != nil, claim.exportCut, claim.unproven != true else { return false }
        return ladders.of(id).contains { $0.ladder.epoch == claim.epoch && $0.ladder.cut != nil }
    }

    private mutating func revoke(_ id: LadderID, _ detail: String, now: Now) {
        guard let ladder = ladders[id], var resource = world.resources[ladder.resource] else { return }
        let evidence = record(.revoked, ladder.resource, epoch: ladder.epoch, detail: detail, now: now)
        // Its token is forgotten with its boot: whatever it says from now on, it is told to reset.
        resource.liveness = .unknown
        resource.startingSince = nil
        resource.boot = nil
        resource.failure = resource.failure ?? Failure(silence: 0, at: now.wall)
        resource.failure?.held = nil
        resource.failure?.fenced = evidence.id
        world.put(resource)
        fenced(resource, evidence, now: now)
    }

    /// A machine whose export a fence has cut asks for its plan: it is between two systems and runs none, so its claim is over, whether or
    /// not somebody has waited for its silence. Its server is wanted: through a new claim, on whichever machine suits it best. Answers false
    /// while the export is not cut yet.
    mutating func bootsAfterCut(_ claim: Claim, now: Now) -> Bool {
        guard claim.exportCut else { return false }
        let evidence =
            validEvidence(for: claim)
            ?? record(.revoked, claim.resource, epoch: claim.epoch, detail: "its export is cut, and it asked for its next boot", now: now)
        for (id, ladder) in ladders.of(claim.resource) where ladder.epoch == claim.epoch {
            emit("resource.fenced", resource: claim.resource, data: evidenceData(evidence), now: now)
            endLadder(id, .success(evidence), now: now)
        }
        spend(evidence, on: claim, now: now)
        return true
    }

    /// Calls for somebody to start a server whose claim ended so; a run that works for it goes on to its next machine by itself.
    mutating func wantServer(
        _ id: ServerID, after claim: Claim, _ why: String = "its machine boots after its export was cut", now: Now
    ) {
        guard var resource = world.resources[claim.resource] else { return }
        resource.lostServer = id
        world.put(resource)
        wantUnplaced(id, resource.id, why, now: now)
    }

    /// Calls again for the server that a machine had lost, now that the machine idles: there may have been no other for it.
    mutating func wantLostServer(_ id: ResourceID, now: Now) {
        guard var resource = world.resources[id], let server = resource.lostServer else { return }
        resource.lostServer = nil
        world.put(resource)
        wantUnplaced(server, id, "the machine that it was cut off from idles", now: now)
    }

    private mutating func wantUnplaced(_ id: ServerID, _ resource: ResourceID, _ why: String, now: Now) {
        guard world.servers[id]?.target == .running, world.aliveClaim(of: id) == nil, responsibleRun(for: id) == nil else { return }
        emit("server.wanted", resource: resource, server: id, data: ["why": .string(why)], now: now)
    }
}
