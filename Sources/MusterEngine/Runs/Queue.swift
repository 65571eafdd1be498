import MusterCore

// The order in which runs begin.
extension Engine {
    /// Starts a run, or lets it wait for the earlier ones of its hook and key, and for earlier reactions that answer for its servers:
    /// one that starts a server and one that stops it must not work at the same time.
    mutating func enqueue(_ run: Run, now: Now) {
        world.put(run)
        tryStart(run.id, now: now)
        needsReview = true
    }

    mutating func tryStart(_ id: RunID, now: Now) {
        guard var run = world.runs[id], run.status == .queued, obstacle(to: run, now: now) == nil else { return }
        run.status = .running
        run.notBefore = nil
        world.put(run)
        begin(run, now: now)
    }

    /// Why a queued run does not begin yet, in words; nil when it may.
    func obstacle(to run: Run, now: Now) -> String? {
        if let time = run.notBefore, now.wall < time { return "its next try comes at its time" }
        for id in world.index.queues[RunIndex.queue(run)] ?? [] {
            if id >= run.id { break }
            if let earlier = world.runs[id], earlier.status != .asking { return "run \(id) of the same hook and subject goes first" }
        }
        if case .event = run.cause, let other = otherReaction(than: run) { return "run \(other) works on the same server" }
        let mostFailovers = world.general.settings.mostFailovers
        if run.isFailover, world.index.failovers.count >= mostFailovers { return "\(mostFailovers) failovers are under way already" }
        guard (world.index.executing[run.hook] ?? 0) < world.general.settings.runLimit else {
            return "\(world.general.settings.runLimit) runs of this hook execute already"
        }
        return nil
    }

    private func otherReaction(than run: Run) -> RunID? {
        for server in run.servers {
            for id in world.index.byServer[server] ?? [] where id != run.id {
                guard let other = world.runs[id], other.status != .asking, case .event = other.cause else { continue }
                if other.id < run.id || other.status == .running { return id }
            }
        }
        return nil
    }

    /// Starts what a run was in the way of, now that it is over or only waits.
    mutating func startAfter(_ run: Run, now: Now) {
        var candidates: Set<RunID> = []
        let queue = world.index.queues[RunIndex.queue(run)] ?? []
        if let next = queue.first(where: { world.runs[$0]?.status == .queued }) { candidates.insert(next) }
        for server in run.servers { candidates.formUnion(world.index.byServer[server] ?? []) }
        for id in candidates.sorted() { tryStart(id, now: now) }
        if run.isFailover { startFailovers(now: now) }
        fillSlots(run.hook, now: now)
    }

    /// Starts the failovers that waited for others: those of the servers of highest priority first.
    mutating func startFailovers(now: Now) {
        let waiting = world.index.queuedFailovers.compactMap { world.runs[$0] }.map { run in
            (priority: run.servers.compactMap { world.servers[$0]?.priority }.max() ?? 0, id: run.id)
        }
        for (_, id) in waiting.sorted(by: { ($1.priority, $0.id) < ($0.priority, $1.id) }) {
            guard world.index.failovers.count < world.general.settings.mostFailovers else { return }
            tryStart(id, now: now)
        }
    }

    /// Starts queued runs of a hook as long as it may execute more.
    mutating func fillSlots(_ hook: HookID, now: Now) {
        defer { readBacklog() }
        for id in world.index.queued[hook] ?? [] {
            guard (world.index.executing[hook] ?? 0) < world.general.settings.runLimit else { return }
            // Those of a busy subject are not looked at one by one: the first of each is started when the one before it ends.
            if let run = world.runs[id], isFirst(run) { tryStart(id, now: now) }
        }
    }

    private func isFirst(_ run: Run) -> Bool {
        (world.index.queues[RunIndex.queue(run)] ?? []).first { world.runs[$0]?.status != .asking } == run.id
    }

    /// Starts the tries whose time has come.
    mutating func startDelayed(now: Now) {
        for id in world.index.delayed.sorted() { tryStart(id, now: now) }
    }
}
