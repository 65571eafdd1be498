import MusterCore

/// Which live runs are where: kept beside the runs, so that no turn has to look at all of them.
struct RunIndex: Sendable {
    /// What runs queue by.
    struct Queue: Hashable, Sendable {
        var hook: HookID
        var key: String
    }

    /// A step that waits.
    struct Place: Hashable, Comparable, Sendable {
        var run: RunID
        var address: String
        static func < (one: Place, other: Place) -> Bool { (one.run, one.address) < (other.run, other.address) }
    }

    /// Live runs by queue, oldest first.
    private(set) var queues: [Queue: [RunID]] = [:]
    /// Live runs that answer for a server.
    private(set) var byServer: [ServerID: Set<RunID>] = [:]
    /// Queued runs by hook, oldest first.
    private(set) var queued: [HookID: [RunID]] = [:]
    /// Queued runs that wait for their time.
    private(set) var delayed: Set<RunID> = []
    /// Who keeps which machine.
    private(set) var holders: [ResourceID: RunID] = [:]
    /// How many runs of a hook execute: those that only wait for time or events do not.
    private(set) var executing: [HookID: Int] = [:]
    private var executingRuns: Set<RunID> = []
    /// The failovers that are under way.
    private(set) var failovers: Set<RunID> = []
    /// Those that wait.
    private(set) var queuedFailovers: Set<RunID> = []
    /// How many open waits a run has.
    private var waits: [RunID: Int] = [:]
    /// Waiting steps by the event that may end them.
    private(set) var waiters: [String: Set<Place>] = [:]
    /// The steps that wait for machines.
    private(set) var reservers: Set<Place> = []
    /// The steps that order a machine's power, by machine.
    private(set) var powerOrders: [ResourceID: Set<Place>] = [:]
    /// The steps that wait for a server to be ready.
    private var readyWaits: [ServerID: Set<Place>] = [:]
    /// By wall-clock milliseconds.
    private var sleepers = DueQueue<Place>()

    mutating func replace(_ old: Run?, _ new: Run?) {
        if old?.servers != new?.servers {
            for server in old?.servers ?? [] { forget(server, old?.id) }
            if let new { for server in new.servers { byServer[server, default: []].insert(new.id) } }
        }
        if old == nil, let new { queues[Self.queue(new), default: []].insert(sorted: new.id) }
        if new == nil, let old { Self.remove(old.id, from: &queues, at: Self.queue(old)) }
        let (was, isNow) = (old?.status == .queued, new?.status == .queued)
        if was, !isNow, let old { Self.remove(old.id, from: &queued, at: old.hook) }
        if isNow, !was, let new { queued[new.hook, default: []].insert(sorted: new.id) }
        if let run = new ?? old, run.isFailover {
            if new?.status == .running { failovers.insert(run.id) } else { failovers.remove(run.id) }
            if isNow { queuedFailovers.insert(run.id) } else { queuedFailovers.remove(run.id) }
        }
        if isNow, new?.notBefore != nil, let new { delayed.insert(new.id) } else if let old { delayed.remove(old.id) }
        if old?.reserved != new?.reserved {
            for resource in old?.reserved?.resources ?? [] where holders[resource] == old?.id { holders[resource] = nil }
            for resource in new?.reserved?.resources ?? [] { holders[resource] = new?.id }
        }
        if let run = new ?? old { count(run, executes: new.map { $0.status == .running && waits[run.id] == nil } ?? false) }
        if new == nil, let old { waits[old.id] = nil }
    }

    private mutating func forget(_ server: ServerID, _ run: RunID?) {
        guard let run else { return }
        byServer[server]?.remove(run)
        if byServer[server]?.isEmpty == true { byServer[server] = nil }
    }

    static func queue(_ run: Run) -> Queue { Queue(hook: run.hook, key: run.key) }

    private static func remove<Key: Hashable>(_ id: RunID, from lists: inout [Key: [RunID]], at key: Key) {
        guard var list = lists.removeValue(forKey: key) else { return }
        if list.first == id { list.removeFirst() } else { list.removeAll { $0 == id } }
        if !list.isEmpty { lists[key] = list }
    }

    private mutating func count(_ run: Run, executes: Bool) {
        if executes, executingRuns.insert(run.id).inserted {
            executing[run.hook, default: 0] += 1
        } else if !executes, executingRuns.remove(run.id) != nil {
            executing[run.hook, default: 0] -= 1
        }
    }

    /// A step of a live run began to wait, or no longer does.
    mutating func step(_ step: Step, of run: Run, isOpen: Bool) {
        let place = Place(run: step.run, address: step.address)
        if Effects.powerOrders.contains(step.name), let machine = resourceID(step.arguments) {
            Self.change(&powerOrders, machine, place, isOpen)
        }
        if step.name == "server.wait_ready", let server = step.arguments.first?["name"].string {
            Self.change(&readyWaits, ServerID(server), place, isOpen)
        }
        guard Effects.waits.contains(step.name) else { return }
        if step.name == "wait_for", let event = step.arguments.first?.string {
            Self.change(&waiters, event, place, isOpen)
        }
        if step.name == "reserve" {
            if isOpen { reservers.insert(place) } else { reservers.remove(place) }
        }
        if let deadline = Effects.deadline(of: step) {
            if isOpen { sleepers.set(place, at: deadline) } else { sleepers.remove(place) }
        }
        let left = (waits[step.run] ?? 0) + (isOpen ? 1 : -1)
        waits[step.run] = left > 0 ? left : nil
        count(run, executes: run.status == .running && left <= 0)
    }

    private static func change<Key: Hashable>(_ places: inout [Key: Set<Place>], _ key: Key, _ place: Place, _ isOpen: Bool) {
        if isOpen {
            places[key, default: []].insert(place)
        } else {
            places[key]?.remove(place)
            if places[key]?.isEmpty == true { places[key] = nil }
        }
    }

    /// Takes the steps whose time is over, in order.
    mutating func takeDue(_ now: Timestamp) -> [Place] {
        var due: [Place] = []
        while let place = sleepers.pop(dueBy: now.milliseconds) { due.append(place) }
        return due.sorted()
    }

    /// When the first step's time is over.
    var nextSleeper: Timestamp? { sleepers.next.map { Timestamp(milliseconds: $0) } }

    func waiters(for event: String) -> [Place] { (waiters[event] ?? []).sorted() }
    func readyWaits(for server: ServerID) -> [Place] { (readyWaits[server] ?? []).sorted() }
}

extension [RunID] {
    /// Numbers mostly grow, so that the place is nearly always the end.
    fileprivate mutating func insert(sorted id: RunID) {
        var place = count
        while place > 0, self[place - 1] > id { place -= 1 }
        insert(id, at: place)
    }
}
