import MusterCore

// After a restore every machine may run something that the backup does not know. It is accounted for once it is seen off, once it
// boots (then it asks for its plan), once it beats under a boot that the backup knows, or by an operator's word.
extension Engine {
    /// The machines that are not accounted for.
    var unprovenMachines: [ResourceID] { world.resourceOrder.filter { world.resources[$0]?.unproven == true } }

    /// Whether a restored engine only looks: not armed yet, so that it tells no machine to do anything.
    var onlyLooks: Bool { world.general.restored != nil && !world.general.armed }

    mutating func account(for id: ResourceID) {
        guard var resource = world.resources[id], resource.unproven == true else { return }
        resource.unproven = nil
        world.put(resource)
    }

    /// A claim whose machine beats under it is as good as it was.
    mutating func prove(_ claim: Claim, now: Now) {
        var claim = claim
        claim.unproven = nil
        world.put(claim)
        needsReview = true
    }

    /// Refuses what must wait until the restored engine knows where it is. Errors: `disarmed`, `not_fenced`.
    func refuseWhileUnproven(_ what: String, subject: String) throws {
        guard world.general.restored != nil, let trouble = troubleOfRestore else { return }
        throw MusterError(
            world.general.armed ? .notFenced : .disarmed, "\(what): \(trouble.reason)", hint: trouble.remedy, subject: subject)
    }

    /// Refuses orders to machines as long as the operator has not looked. Errors: `disarmed`.
    func refuseWhileLooking(_ what: String, subject: String) throws {
        if onlyLooks { try refuseWhileUnproven(what, subject: subject) }
    }

    /// What keeps a restored engine from its work; nil for one that is not restored, or settled.
    var troubleOfRestore: (reason: String, remedy: String)? {
        guard let restored = world.general.restored else { return nil }
        let age = Quantity.people(milliseconds: max(0, restored.at.milliseconds - restored.backup.milliseconds))
        let what = "restored from a backup that was \(age) old"
        guard world.general.armed else {
            return ("\(what); what it says may be wrong by now", "look what the machines really do, then: muster arm")
        }
        let machines = unprovenMachines.map(\.rawValue)
        guard let first = machines.first else {
            return ("\(what); exports are still being looked at", "wait some seconds: muster events --follow")
        }
        return (
            "\(what); not accounted for: \(machines.joined(separator: ", "))",
            "each must be seen off or boot: muster fence \(first), or if it is off for sure: muster fence \(first) --confirm-off"
        )
    }

    /// A heartbeat of a boot that the backup does not know. While the engine only looks, the machine goes on; later it is told to reset,
    /// after which it is accounted for. Returns false when no restore is the reason.
    mutating func heardUnproven(_ id: ResourceID, _ heartbeat: Heartbeat, now: Now) -> Bool {
        guard world.general.restored != nil, var resource = world.resources[id] else { return false }
        hears(id, now: now)
        // Whatever accounted for it, it is there after all.
        resource.unproven = true
        world.put(resource)
        guard trackers[id]?.staleBoot != heartbeat.bootID else { return onlyLooks }
        trackers[id]?.staleBoot = heartbeat.bootID
        emit("resource.unproven", resource: id, data: heartbeat.epoch.map { ["epoch": .int($0.rawValue)] } ?? [:], now: now)
        return onlyLooks
    }

    /// A machine that the backup has never heard of beats: it is one to account for.
    mutating func heardStranger(_ heartbeat: Heartbeat, now: Now) -> HeartbeatAnswer {
        guard world.general.restored != nil else { return .reset }
        let resource = Resource(id: ResourceID("machine-\(heartbeat.mac.compact)"), macs: [heartbeat.mac], declared: false)
        world.put(resource)
        return heardUnproven(resource.id, heartbeat, now: now) ? .ok : .reset
    }

    /// Milliseconds between two questions for the exports that are left.
    static let settlePause: Int64 = 2_000

    var isAskingForExports: Bool {
        operations.all.contains {
            switch $0 {
            case .listExports, .cutExport: true
            default: false
            }
        }
    }

    /// Looks whether the restore is over: armed, every machine accounted for. Then the exports are asked for.
    mutating func settleRestore(now: Now) {
        guard world.general.restored != nil, world.general.armed, unprovenMachines.isEmpty else { return }
        if let askedExports, now.monotonic - askedExports < Self.settlePause { return }
        guard !isAskingForExports else { return }
        askedExports = now.monotonic
        begin(.listExports, for: .engine)
    }

    /// Exports of claims that the backup does not know are cut: nobody uses them any more, and they keep images from others. Once none
    /// is left, the engine works as ever.
    mutating func exportsListed(_ result: Result<OperationResult, MusterError>, now: Now) throws {
        guard case .exports(let epochs) = try result.get() else { return }
        guard world.general.restored != nil, world.general.armed, unprovenMachines.isEmpty else { return }
        let orphans = epochs.filter { world.claims[$0] == nil }
        for epoch in orphans { begin(.cutExport(epoch, Image(id: ImageID("export-\(epoch)"), path: "/")), for: .engine) }
        guard orphans.isEmpty else { return }
        world.update { $0.restored = nil }
        emit("engine.settled", now: now)
        for server in world.servers.values.sorted(by: { ($1.priority, $0.id) < ($0.priority, $1.id) })
        where server.target == .running && server.readyEpoch == nil && responsibleRun(for: server.id) == nil {
            emit("server.wanted", server: server.id, data: ["why": "the engine was restored"], now: now)
        }
    }
}
