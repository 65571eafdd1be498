import MusterCore

// Reservations: a run keeps machines for itself, so that another does not switch off what this one is about to use. All of a call's
// machines are taken at once or none, so that two runs cannot each hold what the other wants; a timeout ends what nobody gives.
extension Engine {
    /// Takes the machines of a `reserve` step for its run; false while others have them. A holder of lower precedence is cancelled.
    mutating func takeReservation(_ step: Step, run id: RunID, now: Now) -> Bool {
        let wanted = Effects.reservedNames(step)
        let priority = Effects.reservePriority(step)
        let holders = Set(wanted.compactMap { world.index.holders[$0] }).subtracting([id])
        guard holders.isEmpty else {
            for holder in holders.sorted() { preempt(holder, by: id, priority: priority, now: now) }
            return false
        }
        reserve(wanted, run: id, priority: priority)
        return true
    }

    /// Gives machines that are free to a run.
    mutating func reserve(_ wanted: [ResourceID], run id: RunID, priority: Int64) {
        guard var run = world.runs[id] else { return }
        let kept = (run.reserved?.resources ?? []).filter { !wanted.contains($0) }
        run.reserved = Run.Reserved(resources: kept + wanted, priority: max(priority, run.reserved?.priority ?? priority))
        world.put(run)
    }

    /// Cancels the holder of the first of these machines that is kept for something of lower precedence: it is free when that run is over.
    mutating func preempt(holdersOf machines: [FreeMachine], by id: RunID, priority: Int64, now: Now) {
        for machine in machines {
            guard let holder = world.index.holders[machine.id], let other = world.runs[holder] else { continue }
            // One that ends already is enough to wait for.
            if other.cancel != nil || preempt(holder, by: id, priority: priority, now: now) { return }
        }
    }

    @discardableResult
    private mutating func preempt(_ holder: RunID, by id: RunID, priority: Int64, now: Now) -> Bool {
        guard let other = world.runs[holder], other.cancel == nil, (other.reserved?.priority ?? 0) < priority else { return false }
        preempt(other, by: id, now: now)
        return true
    }

    private mutating func preempt(_ run: Run, by other: RunID, now: Now) {
        emit(
            "run.preempted",
            data: ["run": .int(run.id.rawValue), "hook": .string(run.hook.rawValue), "by": .int(other.rawValue)], now: now)
        try? cancelRun(run.id, now: now)
    }

    /// Gives back machines that a run keeps.
    mutating func releaseReservation(_ names: [ResourceID], run id: RunID, now: Now) {
        guard var run = world.runs[id], let reserved = run.reserved else { return }
        let left = reserved.resources.filter { !names.contains($0) }
        world.gaveBack(names)
        run.reserved = left.isEmpty ? nil : Run.Reserved(resources: left, priority: reserved.priority)
        world.put(run)
        needsReview = true
        grantReservations(now: now)
    }

    /// Gives free machines to the runs that wait for them: those of the highest precedence first.
    mutating func grantReservations(now: Now) {
        guard !world.index.reservers.isEmpty else { return }
        let waiting = world.index.reservers.sorted().compactMap { world.openSteps[$0.run]?[$0.address] }
        for step in waiting.sorted(by: { Effects.reservePriority($0) > Effects.reservePriority($1) }) {
            if world.openSteps[step.run]?[step.address] != nil, takeReservation(step, run: step.run, now: now) {
                complete(step.run, step.address, .value(true), now: now)
            }
        }
    }

    /// Refuses an order to a machine that another run keeps. Errors: `reserved`.
    func checkReserved(_ resource: ResourceID, for run: RunID) throws {
        guard let holder = world.index.holders[resource], holder != run, let other = world.runs[holder] else { return }
        throw MusterError(
            .reserved, "\(resource) is reserved by run \(holder) of \(other.hook)",
            hint: "wait for it with reserve, or end it: muster runs cancel \(holder)", subject: resource.rawValue)
    }

    func stillReserved(_ step: Step) -> MusterError {
        let held = Effects.reservedNames(step).compactMap { name in
            world.index.holders[name].flatMap { $0 == step.run ? nil : "\(name) by run \($0) of \(world.runs[$0]?.hook.rawValue ?? "?")" }
        }
        return MusterError(
            .reserved, "not free in time: " + (held.isEmpty ? "others went first" : held.joined(separator: ", ")),
            hint: "give reserve a longer timeout or a higher priority")
    }
}
