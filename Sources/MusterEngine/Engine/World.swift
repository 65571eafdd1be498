import MusterCore

/// The working set in memory. Every change goes through `put` and `remove`, which also write it into the pending batch, so that memory
/// and store cannot disagree.
public struct World: Sendable {
    public private(set) var general = General()
    public private(set) var resources: [ResourceID: Resource] = [:]
    public private(set) var images: [ImageID: Image] = [:]
    public private(set) var servers: [ServerID: Server] = [:]
    public private(set) var claims: [Epoch: Claim] = [:]
    public private(set) var evidence: [Evidence.ID: Evidence] = [:]
    public private(set) var hooks: [HookID: Hook] = [:]
    public private(set) var code: [String: CodeBundle] = [:]
    public private(set) var runs: [RunID: Run] = [:]
    public private(set) var steps: [RunID: [String: Step]] = [:]
    /// The steps that wait for their result, by run and address.
    private(set) var openSteps: [RunID: [String: Step]] = [:]
    /// How many steps of a run have their result.
    private(set) var doneSteps: [RunID: Int64] = [:]
    /// About how many bytes the journal of a run has.
    private(set) var journalBytes: [RunID: Int] = [:]
    private(set) var index = RunIndex()
    /// The hooks for which events wait in the store.
    private(set) var behind: Set<HookID> = []
    /// The keys of events that scripts and programs gave, and the events they stand for.
    public private(set) var dedup: [String: Dedup] = [:]
    /// The machines' names, sorted: the order in which turns look at them.
    private(set) var resourceOrder: [ResourceID] = []
    private var byMAC: [MACAddress: ResourceID] = [:]
    private var evidenceByResource: [ResourceID: [Evidence.ID]] = [:]
    private var claimIndex = ClaimIndex()
    /// The machines that are silent, starting, or whose failure is held, and those of them that count for isolation.
    private(set) var doubts = Doubts()
    /// The machines whose maintenance ends by itself, by wall-clock milliseconds.
    private var maintenanceEnds = DueQueue<ResourceID>()
    /// The machines that fail again and again.
    private(set) var flapping: Set<ResourceID> = []
    /// The machines that could take a server.
    private(set) var free = FreeMachines()
    /// Those that may turn out to be such, once somebody looks at them.
    private(set) var unseen = FreeMachines()
    /// Those that have become free since the last look.
    var newlyFree: Set<ResourceID> = []
    /// The virtual machines of each hypervisor.
    private var guestIndex = GuestIndex()
    private(set) var guestUses = GuestUses()
    /// The servers that have nowhere to run, or whose machine is in doubt.
    private(set) var seekers = Seekers()
    /// Those of them that want a machine at this moment.
    private(set) var contenders = Seekers()
    /// The servers that are blocked because no machine could take them.
    private(set) var starving: Set<ServerID> = []
    private var newlyStarving: Set<ServerID> = []
    /// The servers of each pool.
    private(set) var pools: [String: Set<ServerID>] = [:]
    /// The machines that changed since the last look at them.
    var changed: Set<ResourceID> = []
    /// Whether anything changed since the last tick began.
    var hasChanged = true
    /// The servers on whose trouble something may have changed.
    private var unreviewed: Set<ServerID> = []
    private var allUnreviewed = true
    /// The machines about which something changed that may change the answer to their heartbeats.
    private var touched: Set<ResourceID> = []
    private var touchedAll = false
    var pending = Batch()

    public init() {}

    public init(_ snapshot: Snapshot) {
        general = snapshot.general
        for resource in snapshot.resources { put(resource) }
        for image in snapshot.images { put(image) }
        for server in snapshot.servers { put(server) }
        for claim in snapshot.claims { put(claim) }
        for item in snapshot.evidence { put(item) }
        for hook in snapshot.hooks { put(hook) }
        for bundle in snapshot.code { put(bundle) }
        for run in snapshot.runs { put(run) }
        for step in snapshot.steps { put(step) }
        for item in snapshot.dedup { put(item) }
        pending = Batch()
    }

    public func resource(mac: MACAddress) -> Resource? { byMAC[mac].flatMap { resources[$0] } }
    public func aliveClaim(on resource: ResourceID) -> Claim? { claimIndex.alive(on: resource).flatMap { claims[$0] } }
    public func aliveClaim(of server: ServerID) -> Claim? { claimIndex.alive(of: server).flatMap { claims[$0] } }
    func aliveClaim(of image: ImageID) -> Claim? { claimIndex.alive(of: image).flatMap { claims[$0] } }

    /// The claims that are over, or whose export a fence ordered to be cut, and whose export is not cut.
    var leftovers: Set<Epoch> { claimIndex.leftovers }
    /// Those of an image, oldest first.
    func leftovers(of image: ImageID) -> [Claim] { claimIndex.leftovers(of: image).compactMap { claims[$0] } }

    /// What is on record about a machine, oldest first.
    func evidence(about id: ResourceID) -> [Evidence] { (evidenceByResource[id] ?? []).sorted().compactMap { evidence[$0] } }

    /// The virtual machines that a hypervisor is declared for, by name.
    func guests(of id: ResourceID) -> [ResourceID] { guestIndex.guests(of: id).sorted() }
    /// The same in no order.
    func guestNames(of id: ResourceID) -> Set<ResourceID> { guestIndex.guests(of: id) }
    var hasGuests: Bool { !guestIndex.isEmpty }
    var hypervisors: [ResourceID] { guestIndex.hypervisors }

    /// Where a name is, or belongs, in the order of machines.
    private func place(of id: ResourceID) -> Int { resourceOrder.sortedPlace { $0 < id } }

    /// A card may have moved to another machine already: that one keeps it.
    private mutating func forgetMACs(of resource: Resource) {
        for mac in resource.macs where byMAC[mac] == resource.id { byMAC[mac] = nil }
    }

    mutating func update(_ change: (inout General) -> Void) {
        let (wasArmed, wasRestored, settings) = (general.armed, general.restored != nil, general.settings)
        change(&general)
        if general.armed != wasArmed || (general.restored != nil) != wasRestored {
            touchedAll = true
            allUnreviewed = true
        }
        if general.settings != settings { changed.formUnion(resourceOrder) }
        record(.general(general))
    }

    mutating func put(_ resource: Resource) {
        let old = resources[resource.id]
        if let old {
            if old == resource { return }
            forgetMACs(of: old)
        } else {
            resourceOrder.insert(resource.id, at: place(of: resource.id))
        }
        resources[resource.id] = resource
        note(old, resource, resource.id)
        for mac in resource.macs { byMAC[mac] = resource.id }
        record(.resource(resource))
    }

    private mutating func note(_ old: Resource?, _ new: Resource?, _ id: ResourceID) {
        doubts.replace(old, new)
        noteFlaps(new, id)
        if let end = new?.maintenanceUntil {
            maintenanceEnds.set(id, at: end.milliseconds)
        } else if old?.maintenanceUntil != nil {
            maintenanceEnds.remove(id)
        }
        changed.insert(id)
        touch(id)
        let claim = aliveClaim(on: id)
        if let claim { unreviewed.insert(claim.server) }
        guestIndex.replace(id, old?.hypervisor, new?.hypervisor)
        noteFree(id)
        noteUse(of: id, was: old?.hypervisor)
        if old.map(Hosting.init) != new.map(Hosting.init) { noteFree(around: guestNames(of: id)) }
        if let claim, let server = servers[claim.server] { noteSeeker(server) }
    }

    /// A guest may have begun or ended to be in use: that is room taken, or left, on its hypervisor.
    private mutating func noteUse(of id: ResourceID, was old: ResourceID? = nil) {
        guard hasGuests || old != nil else { return }
        let hypervisor = resources[id]?.hypervisor
        guard guestUses.replace(id, guestUse(of: id)) else { return }
        for hypervisor in Set([old, hypervisor].compactMap { $0 }).sorted() {
            noteFree(around: guestNames(of: hypervisor).union([hypervisor]).subtracting([id]))
        }
    }

    private mutating func noteFree(around machines: Set<ResourceID>) {
        for machine in machines.sorted() { noteFree(machine) }
    }

    /// Machines that a run kept are anybody's again.
    mutating func gaveBack(_ machines: [ResourceID]) {
        newlyFree.formUnion(machines.filter(free.contains))
        // What was kept of a hypervisor's memory is free too.
        for id in machines where hasGuests { newlyFree.formUnion(relatives(of: id).filter(free.contains)) }
    }

    private func relatives(of id: ResourceID) -> Set<ResourceID> { guestIndex.relatives(of: id, hypervisor: resources[id]?.hypervisor) }

    mutating func takeNewlyStarving() -> Set<ServerID> {
        defer { newlyStarving = [] }
        return newlyStarving.intersection(starving)
    }

    private mutating func noteFlaps(_ new: Resource?, _ id: ResourceID) {
        if new?.isFlapping == true { flapping.insert(id) } else { flapping.remove(id) }
    }

    private mutating func noteFree(_ id: ResourceID) {
        let isClaimed = claimIndex.alive(on: id) != nil || isHindered(id)
        let rack = resources[id]?.hypervisor.flatMap { resources[$0]?.rack }
        let machine = resources[id].flatMap { FreeMachine($0, isClaimed: isClaimed, rack: rack) }
        if free.replace(id, machine) { newlyFree.insert(id) }
        unseen.replace(id, resources[id].flatMap { FreeMachine(unseen: $0, isClaimed: isClaimed, rack: rack) })
    }

    private func isHindered(_ id: ResourceID) -> Bool {
        guard hasGuests, let resource = resources[id] else { return false }
        return hypervisorHindrance(of: resource) != nil || guestUses.isAny(on: id)
    }

    private mutating func noteSeeker(_ server: Server) {
        let machine = aliveClaim(of: server.id).flatMap { resources[$0.resource] }
        let isInDoubt = machine.map { $0.failure != nil || $0.liveness == .silent } ?? true
        let seeks = server.target == .running && isInDoubt
        seekers.replace(server.id, seeks ? Seekers.Seeker(server) : nil)
        contenders.replace(server.id, seeks && contends(server) ? Seekers.Seeker(server) : nil)
    }

    /// Takes a machine whose maintenance is over.
    mutating func takeMaintenanceOver(_ now: Timestamp) -> ResourceID? { maintenanceEnds.pop(dueBy: now.milliseconds) }
    var nextMaintenanceEnd: Timestamp? { maintenanceEnds.next.map { Timestamp(milliseconds: $0) } }

    /// Has a server reviewed of which nothing that is stored has changed.
    mutating func reviewAgain(_ id: ServerID) { unreviewed.insert(id) }
    /// The servers to review, in the order of their names.
    mutating func takeUnreviewed() -> [ServerID] {
        defer {
            unreviewed = []
            allUnreviewed = false
        }
        // What a restored engine waits for concerns every server.
        return (allUnreviewed || general.restored != nil ? Set(servers.keys) : unreviewed).sorted()
    }

    mutating func put(_ image: Image) {
        images[image.id] = image
        record(.image(image))
    }

    mutating func put(_ server: Server) {
        let old = servers[server.id]
        guard old != server else { return }
        servers[server.id] = server
        unreviewed.insert(server.id)
        noteSeeker(server)
        let starves = server.target == .running && server.blocked != nil && server.lastError?.code == .noCapacity
        if !starves {
            starving.remove(server.id)
        } else {
            let isNew = starving.insert(server.id).inserted
            if isNew || old?.needs != server.needs { newlyStarving.insert(server.id) }
        }
        if old?.pool != server.pool {
            if let pool = old?.pool { pools[pool]?.remove(server.id) }
            if let pool = server.pool { pools[pool, default: []].insert(server.id) }
        }
        record(.server(server))
    }

    mutating func put(_ claim: Claim) {
        claimIndex.take(claim)
        touch(claim.resource)
        changed.insert(claim.resource)
        unreviewed.insert(claim.server)
        claims[claim.epoch] = claim.isAlive || !claim.exportCut ? claim : nil
        noteFree(claim.resource)
        noteUse(of: claim.resource)
        if let server = servers[claim.server] { noteSeeker(server) }
        record(.claim(claim))
    }

    mutating func put(_ item: Evidence) {
        evidence[item.id] = item
        // Only the newest evidence of a machine can still matter.
        let others = (evidenceByResource[item.resource] ?? []).filter { $0 != item.id }
        let kept = others.filter { $0 > item.id || evidence[$0]?.isValid == true }
        for other in others where !kept.contains(other) { evidence[other] = nil }
        evidenceByResource[item.resource] = kept + [item.id]
        touch(item.resource)
        record(.evidence(item))
    }

    mutating func put(_ hook: Hook) {
        let old = hooks.updateValue(hook, forKey: hook.id)
        // What is to be done about a blocked server depends on who listens.
        if old?.active != hook.active || old?.declaration.trigger != hook.declaration.trigger { allUnreviewed = true }
        if hook.isBehind == true { behind.insert(hook.id) } else { behind.remove(hook.id) }
        record(.hook(hook))
    }

    mutating func remove(_ id: HookID) {
        guard hooks.removeValue(forKey: id) != nil else { return }
        behind.remove(id)
        allUnreviewed = true
        record(.removeHook(id))
    }

    mutating func put(_ bundle: CodeBundle) {
        guard code[bundle.hash] == nil else { return }
        code[bundle.hash] = bundle
        record(.code(bundle))
    }

    mutating func put(_ run: Run) {
        let old = runs[run.id]
        unreviewed.formUnion(run.servers)
        if let old { unreviewed.formUnion(old.servers) }
        if run.status.isLive {
            runs[run.id] = run
            index.replace(old, run)
        } else {
            for step in (openSteps[run.id] ?? [:]).values { index.step(step, of: run, isOpen: false) }
            index.replace(old, nil)
            runs[run.id] = nil
            steps[run.id] = nil
            openSteps[run.id] = nil
            doneSteps[run.id] = nil
            journalBytes[run.id] = nil
        }
        if (old?.reserved != nil) != (run.reserved != nil) || old?.servers != run.servers || old?.status != run.status {
            for server in Set(run.servers + (old?.servers ?? [])) { servers[server].map { noteSeeker($0) } }
        }
        record(.run(run))
    }

    mutating func put(_ step: Step) {
        let known = steps[step.run, default: [:]].updateValue(step, forKey: step.address)
        journalBytes[step.run, default: 0] += step.bytes - (known?.bytes ?? 0)
        let wasOpen = openSteps[step.run]?[step.address] != nil
        if step.outcome == nil {
            openSteps[step.run, default: [:]][step.address] = step
        } else {
            openSteps[step.run]?[step.address] = nil
            if known?.outcome == nil { doneSteps[step.run, default: 0] += 1 }
        }
        if let run = runs[step.run], wasOpen != (step.outcome == nil) { index.step(step, of: run, isOpen: step.outcome == nil) }
        record(.step(step))
    }

    mutating func remove(_ id: ResourceID) {
        guard let old = resources.removeValue(forKey: id) else { return }
        note(old, nil, id)
        forgetMACs(of: old)
        resourceOrder.removeAll { $0 == id }
        record(.removeResource(id))
    }

    mutating func remove(_ id: ImageID) {
        images[id] = nil
        record(.removeImage(id))
    }

    mutating func remove(_ id: ServerID) {
        if let pool = servers.removeValue(forKey: id)?.pool { pools[pool]?.remove(id) }
        seekers.replace(id, nil)
        contenders.replace(id, nil)
        starving.remove(id)
        record(.removeServer(id))
    }

    mutating func append(_ event: Event) {
        pending.events.append(event)
        hasChanged = true
    }

    private mutating func record(_ change: Change) {
        pending.changes.append(change)
        hasChanged = true
    }

    /// What is known below of a machine's heartbeats holds no more.
    mutating func touch(_ id: ResourceID) { touched.insert(id) }

    /// The machines touched since the last call.
    mutating func takeTouched() -> Touched {
        if touched.isEmpty, !touchedAll { return .some([]) }
        defer {
            touched = []
            touchedAll = false
        }
        return touchedAll ? .all : .some(touched.sorted())
    }

    mutating func put(_ item: Dedup) {
        dedup[item.key] = item
        record(.dedup(item))
    }

    mutating func remove(dedup key: String) {
        guard dedup.removeValue(forKey: key) != nil else { return }
        record(.removeDedup(key))
    }

    /// Takes the open steps whose time is over, in order.
    mutating func takeDueSteps(_ now: Timestamp) -> [Step] { index.takeDue(now).compactMap { openSteps[$0.run]?[$0.address] } }

    /// The open steps that order a machine to be switched.
    func powerOrders(to machine: ResourceID) -> [Step] { (index.powerOrders[machine] ?? []).compactMap { openSteps[$0.run]?[$0.address] } }

    func steps(waitingFor event: String) -> [Step] { index.waiters(for: event).compactMap { openSteps[$0.run]?[$0.address] } }

    /// The open steps that wait for a server to become ready, in order.
    func readyWaits(for server: ServerID) -> [Step] { index.readyWaits(for: server).compactMap { openSteps[$0.run]?[$0.address] } }

    /// Code that neither a live run nor an active hook needs is dropped from memory; the store keeps it.
    mutating func forgetUnusedCode() {
        let used = Set(runs.values.map(\.code)).union(hooks.values.filter(\.active).map(\.code))
        code = code.filter { used.contains($0.key) }
    }
}
