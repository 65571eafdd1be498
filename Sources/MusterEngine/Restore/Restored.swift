import MusterCore

/// That this state came from a backup, until every machine is accounted for.
public struct Restored: Codable, Sendable, Hashable {
    /// When the backup was made.
    public var backup: Timestamp
    public var at: Timestamp

    public init(backup: Timestamp, at: Timestamp) {
        self.backup = backup
        self.at = at
    }
}

// A restored engine knows what was true when the backup was made. What was decided since, it does not know, and machines may have been
// given images since. So: numbers leap past all that were given out, no evidence is believed, no run goes on, claims are unproven until
// their machine is heard under them, and nothing is claimed before every machine is accounted for.
extension Engine {
    /// Turns the state of a backup into one that an engine may safely begin with.
    public mutating func restore(backup: Timestamp, operatorName: String, now: Now) {
        leap(backup: backup, now: now)
        let runs = endRuns(now: now)
        for var item in world.evidence.values.sorted(by: { $0.id < $1.id }) where item.isValid {
            item.voided = "the restore of a backup"
            world.put(item)
        }
        for var claim in world.claims.values.sorted(by: { $0.epoch < $1.epoch }) where claim.isAlive {
            claim.unproven = true
            world.put(claim)
        }
        for resource in world.resources.values.sorted(by: { $0.id < $1.id }) { world.put(unknown(resource)) }
        for var server in world.servers.values.sorted(by: { $0.id < $1.id }) {
            server.readyEpoch = nil
            server.lastError = nil
            world.put(server)
        }
        world.update {
            $0.armed = false
            // A time that was set for another life of this engine arms nothing.
            $0.disarmedUntil = nil
            $0.restored = Restored(backup: backup, at: now.wall)
        }
        emit(
            "engine.restored",
            data: ["backup": .int(backup.milliseconds), "operator": .string(operatorName), "runs": .int(Int64(runs))], now: now)
        review(now: now)
    }

    /// Numbers grow by a million, and by a hundred for each second since the backup: more than the lost engine can have given out, and
    /// more than another one did that was restored from the same backup before.
    private mutating func leap(backup: Timestamp, now: Now) {
        let leap = 1_000_000 + max(0, now.wall.milliseconds - backup.milliseconds) / 10
        world.update {
            $0.lastEvent = EventID($0.lastEvent.rawValue + leap)
            $0.lastRun = RunID($0.lastRun.rawValue + leap)
            $0.lastEpoch = Epoch($0.lastEpoch.rawValue + leap)
            $0.lastEvidence = Evidence.ID($0.lastEvidence.rawValue + leap)
            $0.lastOrder = ($0.lastOrder ?? 0) + leap
        }
    }

    /// Ends what was under way when the backup was made: it went on elsewhere, or failed, long ago. Nothing is tried again.
    private mutating func endRuns(now: Now) -> Int {
        let error = MusterError(
            "restored", "the run was under way in the backup that this engine was restored from",
            hint: "what became of it is unknown: look, then start it anew")
        let live = world.runs.values.sorted { $0.id < $1.id }
        for var run in live {
            run.status = .failed
            run.error = error
            run.finished = now.wall
            world.put(run)
        }
        return live.count
    }

    private func unknown(_ known: Resource) -> Resource {
        var resource = known
        resource.power = .unknown
        resource.liveness = .unknown
        resource.failure = nil
        resource.fenceOrder = nil
        resource.startingSince = nil
        resource.asleepSince = nil
        resource.bmcFault = nil
        resource.unproven = true
        // Orders that were decided on before are stale.
        resource.incarnation += 1
        return resource
    }
}
