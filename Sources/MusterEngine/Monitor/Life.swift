import MusterCore

// Signs of life: heartbeats, reports and boots.
extension Engine {
    /// A heartbeat. Only what it changes is stored.
    public mutating func heartbeat(_ heartbeat: Heartbeat, now: Now) -> HeartbeatAnswer {
        guard let resource = world.resource(mac: heartbeat.mac) else { return heardStranger(heartbeat, now: now) }
        signOfLife(of: resource.id, "a heartbeat", bootID: heartbeat.bootID, now: now)
        defer { review(now: now) }
        if isWaitedOut(resource.id) { return .reset }
        let isCutOff = isCutOff(world.aliveClaim(on: resource.id), resource.id, now: now)
        guard var resource = world.resource(mac: heartbeat.mac), resource.boot?.token == heartbeat.token else {
            if heardUnproven(resource.id, heartbeat, now: now) {
                acknowledges(resource.id, now: now)
                return .ok
            }
            staleHeartbeat(resource.id, heartbeat, now: now)
            return .reset
        }
        let claim = world.aliveClaim(on: resource.id)
        if isCutOff {
            staleHeartbeat(resource.id, heartbeat, now: now)
            return .reset
        }
        if let granted = resource.boot?.epoch, granted != claim?.epoch {
            staleHeartbeat(resource.id, heartbeat, now: now)
            return .reset
        }
        if resource.boot?.epoch == nil, claim?.export != nil, claim?.unproven != true {
            // It idles, and a plan waits for its next boot.
            if resource.startingSince == nil { resource.startingSince = now.wall }
            resource.liveness = .unknown
            world.put(resource)
            return .reset
        }
        reportedLease(heartbeat, &resource)
        heard(resource, bootID: heartbeat.bootID, now: now)
        loadSeen(resource.id, in: heartbeat, now: now)
        acknowledges(resource.id, now: now)
        endLeaseRungs(of: resource.id, now: now)
        return .ok
    }

    /// A booted ramdisk tells what it is; an unknown machine becomes a resource.
    public mutating func report(_ report: MachineReport, now: Now) throws {
        defer { review(now: now) }
        guard let known = world.resource(mac: report.mac) else {
            discovered(report, now: now)
            return
        }
        // Whatever it has to say: who speaks is not off.
        signOfLife(of: known.id, "a report", bootID: report.bootID, now: now)
        var resource = world.resources[known.id] ?? known
        guard resource.boot?.token == report.token else {
            throw MusterError(.stale, "the report's token is of an older boot", subject: resource.id.rawValue)
        }
        if isCutOff(world.aliveClaim(on: resource.id), resource.id, now: now) {
            throw MusterError(
                .stale, "the image of epoch \(report.epoch ?? Epoch(0)) is cut off: the machine has to boot anew",
                subject: resource.id.rawValue)
        }
        resource.uuid = report.uuid ?? resource.uuid
        if !resource.declared {
            resource.memoryMiB = report.memoryMiB
            resource.cpus = report.cpus
        }
        heard(resource, bootID: report.bootID, now: now)
        checkIdentity(resource.id, now: now)
    }

    /// Whether a machine that is heard has been cut off from its image by a fence. Its silence counts anew.
    private mutating func isCutOff(_ claim: Claim?, _ id: ResourceID, now: Now) -> Bool {
        guard claim?.cutOrdered != nil, !onlyLooks else { return false }
        hears(id, now: now)
        return true
    }

    private mutating func discovered(_ report: MachineReport, now: Now) {
        var resource = Resource(
            id: ResourceID("machine-\(report.mac.compact)"), macs: [report.mac], memoryMiB: report.memoryMiB,
            cpus: report.cpus, declared: false)
        // One that runs an image of which a restored engine knows nothing.
        let isKnown = world.general.restored == nil || report.epoch == nil
        if !isKnown { resource.unproven = true }
        resource.uuid = report.uuid
        resource.boot = BootGrant(token: report.token, epoch: nil)
        world.put(resource)
        heard(resource, bootID: report.bootID, isKnown: isKnown, now: now)
        emit(
            "resource.discovered", resource: resource.id,
            data: [
                "mac": .string(report.mac.description), "memory_mib": .int(report.memoryMiB), "cpus": .int(Int64(report.cpus)),
            ], now: now)
    }

    /// `isKnown` is false for a boot of which there is no record.
    private mutating func heard(_ resource: Resource, bootID: String, isKnown: Bool = true, now: Now) {
        hears(resource.id, now: now)
        var resource = resource
        let isNewBoot = resource.boot?.bootID != bootID
        let cameBack = resource.liveness != .alive
        let isAccountedFor = isKnown && resource.unproven == true
        if isNewBoot { trackers[resource.id]?.offSince = nil }
        guard isNewBoot || cameBack || resource.failure != nil || isAccountedFor else { return }
        if isAccountedFor { resource.unproven = nil }
        let unproven = world.aliveClaim(on: resource.id).flatMap { $0.unproven == true && $0.epoch == resource.boot?.epoch ? $0 : nil }
        if let unproven { prove(unproven, now: now) }
        resource.boot?.bootID = bootID
        resource.bootID = bootID
        resource.liveness = .alive
        resource.startingSince = nil
        let hadFailed = resource.failure != nil
        // A machine that came back is not the one whose failure was decided on.
        if hadFailed { resource.incarnation += 1 }
        resource.failure = nil
        world.put(resource)
        if isNewBoot {
            emit("resource.booted", resource: resource.id, data: ["boot": .string(bootID)], now: now)
        } else {
            emit("resource.returned", resource: resource.id, now: now)
        }
        if hadFailed || isNewBoot || unproven != nil { wantServer(on: resource.id, now: now) }
        if isNewBoot { wantLostServer(resource.id, now: now) }
    }

    /// A server whose machine booted anew or came back has to be seen ready again.
    mutating func wantServer(on id: ResourceID, now: Now) {
        guard let claim = world.aliveClaim(on: id), var server = world.servers[claim.server] else { return }
        server.readyEpoch = nil
        let isWanted = server.target == .running
        // Whoever works for it may have seen the earlier boot ready, or be refused now: it is wanted again after that.
        let isWorkedFor = responsibleRun(for: server.id) != nil
        server.wantedAgain = isWanted && isWorkedFor ? true : nil
        world.put(server)
        needsReview = true
        if isWanted, !isWorkedFor {
            emit("server.wanted", resource: id, server: server.id, data: ["why": "its machine booted or came back"], now: now)
        }
    }

    /// Calls for somebody to see a server ready whose machine booted anew or came back while the run that is over now worked for it.
    mutating func wantAgain(_ id: ServerID, now: Now) {
        guard var server = world.servers[id], server.wantedAgain == true, responsibleRun(for: id) == nil else { return }
        server.wantedAgain = nil
        world.put(server)
        guard server.target == .running, let claim = world.aliveClaim(of: id), world.resources[claim.resource]?.failure == nil else {
            return
        }
        emit("server.wanted", resource: claim.resource, server: id, data: ["why": "its machine booted or came back"], now: now)
    }

    /// A machine believed dead shows life: the evidence counts no more (design, rule 1). What cut its storage says nothing about life.
    ///
    /// - Parameter bootID: The boot that showed it; what a lease that ran out says is about one boot only, and nothing about power.
    mutating func signOfLife(of id: ResourceID, _ what: String, bootID: String? = nil, now: Now) {
        if Mutation.evidenceNotVoided.isActive { return }
        trackers[id, default: Tracker()].spoke = now.monotonic
        // Of a boot that is going on only the readings know since when.
        if bootID == nil { trackers[id]?.offSince = nil }
        for var item in world.evidence(about: id)
        where item.isValid && (item.kind == .off || item.kind == .manual || item.kind == .expired && bootID != nil && item.bootID == bootID)
        {
            item.voided = what
            world.put(item)
            if var resource = world.resources[id], resource.failure?.fenced == item.id {
                resource.failure?.fenced = nil
                world.put(resource)
            }
            emit("evidence.voided", resource: id, data: ["evidence": .int(item.id.rawValue), "sign": .string(what)], now: now)
        }
        voidForGuests(of: id, what, now: now)
    }

    /// A machine still runs under a claim that is over. It is told to reset; the first such heartbeat of a boot is an event.
    private mutating func staleHeartbeat(_ id: ResourceID, _ heartbeat: Heartbeat, now: Now) {
        guard let epoch = heartbeat.epoch, epoch.rawValue > 0, trackers[id]?.staleBoot != heartbeat.bootID else { return }
        trackers[id, default: Tracker()].staleBoot = heartbeat.bootID
        emit("resource.stale_heartbeat", resource: id, data: ["epoch": .int(epoch.rawValue)], now: now)
    }
}
