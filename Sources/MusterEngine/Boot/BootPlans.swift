import MusterCore

// What a machine shall do at its boot.
extension Engine {
    public func address(for mac: MACAddress) -> IPv4Address? { world.resource(mac: mac)?.address }

    /// The plan of a machine that asks. A machine without a claim never learns where an image is; one answer holds for a whole boot.
    ///
    /// - Parameter decision: What hooks answered to `bootQuestion`; they decide between the plans that grant nothing.
    public mutating func plan(for request: BootRequest, decision: Decision? = nil, now: Now) -> BootPlan {
        defer { review(now: now) }
        guard let known = world.resource(mac: request.mac) else {
            return bootAnswer(for: request.mac, decision, now: now) == .local ? .local : .discover(token: token())
        }
        let id = known.id
        if isFencing(id), !isCutForFence(id) { return .wait(reason: "this machine is being fenced") }
        // What an earlier claim has left says nothing about this one.
        let evidence = world.aliveClaim(on: id).flatMap { validEvidence(for: $0) }
        signOfLife(of: id, "a boot request", now: now)
        // It is between two systems, so it runs none.
        account(for: id)
        let claim = world.aliveClaim(on: id)
        if let claim, claim.cutOrdered != nil, claim.unproven != true {
            let isOver = bootsAfterCut(claim, now: now)
            let token = beginBoot(id, epoch: nil, now: now)
            if isOver { wantServer(claim.server, after: claim, now: now) }
            return isOver ? .discover(token: token) : .wait(reason: "its image's export is being cut")
        }
        if let claim, claim.unproven != true, let evidence, evidence.kind == .expired {
            // The boot whose lease ran out is over, by its own word now: no other word will come that ends this claim.
            spend(evidence, on: claim, now: now)
            let token = beginBoot(id, epoch: nil, now: now)
            wantServer(claim.server, after: claim, "its machine boots after its watchdog reset it", now: now)
            return .discover(token: token)
        }
        if claim != nil, evidence != nil {
            beginBoot(id, epoch: nil, now: now)
            return .wait(reason: "this machine was fenced; its servers may be moving")
        }
        guard let claim else {
            let isLocal = bootAnswer(for: request.mac, decision, now: now) == .local
            let token = beginBoot(id, epoch: nil, local: isLocal, now: now)
            return isLocal ? .local : .discover(token: token)
        }
        if claim.unproven == true {
            beginBoot(id, epoch: nil, now: now)
            return .wait(reason: "the engine was restored from a backup; its server may have moved since")
        }
        guard let export = claim.export else { return .wait(reason: "the image's export is not open yet") }
        if claim.exportDied == true { return .wait(reason: "the image's export ended without being cut") }
        let token = beginBoot(id, epoch: claim.epoch, now: now)
        return .image(
            ImageBoot(
                token: token, epoch: claim.epoch, server: claim.server, export: export,
                address: world.servers[claim.server]?.address,
                heartbeatMilliseconds: world.general.settings.heartbeat, watchdog: known.wantedWatchdog))
    }

    /// The token of this boot. The same comes back until the machine reports with a boot id.
    @discardableResult
    private mutating func beginBoot(_ id: ResourceID, epoch: Epoch?, local: Bool = false, now: Now) -> String {
        guard var resource = world.resources[id] else { return token() }
        if let boot = resource.boot, boot.bootID == nil, boot.epoch == epoch, (boot.local ?? false) == local { return boot.token }
        var boot = BootGrant(token: token(), epoch: epoch)
        if local { boot.local = true }
        resource.boot = boot
        resource.incarnation += 1
        // It is booting: that ends a silence, and a failure nobody has acted on yet.
        resource.liveness = .unknown
        resource.failure = nil
        // From its own disk nobody will report: that is no start that could take too long.
        resource.startingSince = local ? nil : now.wall
        world.put(resource)
        keepAcknowledgements(id, at: now.monotonic)
        trackers[id]?.hearing = .engine
        var data: Fields = epoch.map { ["epoch": .int($0.rawValue)] } ?? [:]
        if local { data["local"] = true }
        emit("resource.booting", resource: id, data: data, now: now)
        // A server that was ready before is not now: somebody sees to it that this boot comes to its end.
        if let epoch, let claim = world.aliveClaim(on: id), world.servers[claim.server]?.readyEpoch == epoch {
            wantServer(on: id, now: now)
        }
        return boot.token
    }
}
