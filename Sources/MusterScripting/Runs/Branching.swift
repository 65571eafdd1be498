import MusterCore
import MusterEngine
import MusterLua

// `all` and `race`: strands side by side in one run.
extension RunExecutor {
    /// A run may open so many groups: each takes time and no steps.
    private static let groupLimit = 10_000

    /// Starts the branches of a group. Its owner waits until the last of them is over; when that is at once, the owner's outcome.
    func open(
        _ mode: Group.Mode, _ given: [Value], _ owner: Branch, _ strand: LuaStrand, _ run: ActiveRun, _ lua: Lua
    ) -> LuaOutcome? {
        run.groups += 1
        guard run.groups <= Self.groupLimit else {
            let error = MusterError(
                .stepLimit, "the run has opened \(Self.groupLimit) groups of branches", hint: "end the loop, or continue_as")
            return answer(owner, strand, .failure(error), lua)
        }
        let functions = (given.first?.array ?? []).compactMap(LuaFunction.init)
        let place = owner.takeAddress()
        let group = Group(mode, owner: owner)
        group.branches = functions.indices.map { Branch(prefix: "\(place)/\($0 + 1).", group: group, number: $0 + 1) }
        group.results = functions.map { _ in .null }
        if functions.isEmpty { group.decision = .success([.array([])]) }
        owner.opened = group
        for (branch, function) in zip(group.branches, functions) where isCurrent(run) {
            if group.decision != nil {
                // Decided before it began.
                branch.isOver = true
            } else if run.journal[branch.nextAddress]?.name == "limit" {
                wait(branch, branch.takeAddress(), "limit", run)
            } else {
                let start = lua.spawn(function, beside: strand, arguments: [])
                branch.strand = start.strand
                advance(branch, start.outcome, run, lua)
            }
        }
        group.isStarting = false
        return outcome(of: group, run, lua)
    }

    func branchEnded(_ branch: Branch, _ result: Result<[Value], MusterError>, _ run: ActiveRun, _ lua: Lua) {
        guard let group = branch.group else { return }
        if group.take(branch, result) { lose(group, run, lua) }
        settle(group, run, lua)
    }

    /// The branches that are not over have lost: what they wait for is cancelled, and they unwind.
    private func lose(_ group: Group, _ run: ActiveRun, _ lua: Lua) {
        for branch in group.branches where !branch.isOver && !branch.isLosing {
            branch.isLosing = true
            if let inner = branch.opened {
                if inner.decision == nil { inner.decision = .failure(Engine.cancellation) }
                lose(inner, run, lua)
            } else if let address = branch.waiting?.address {
                cancel(branch, address, run, lua)
            }
        }
    }

    /// Ends the step that a loser waits for. One that the engine never heard of needs no record: the branch unwinds at once.
    private func cancel(_ branch: Branch, _ address: String, _ run: ActiveRun, _ lua: Lua) {
        let isRequested = run.requests.contains { $0.address == address }
        guard isRequested, run.journal[address] == nil else {
            // The journal has its end, or will have it in its turn.
            if run.journal[address]?.outcome != nil { return }
            run.requests.removeAll { $0.address == address }
            let id = run.run.id
            engine.post { engine, now in engine.cancelSteps(id, [address], now: now) }
            return
        }
        run.requests.removeAll { $0.address == address }
        run.waiting[address] = nil
        branch.waiting = nil
        if branch.strand == nil {
            ended(branch, .failure(Engine.cancellation), run, lua)
        } else {
            unwind(branch, Engine.cancellation, run, lua)
        }
    }

    /// Lets the owner of a group go on when all its branches are over.
    private func settle(_ group: Group, _ run: ActiveRun, _ lua: Lua) {
        guard !group.isStarting, let next = outcome(of: group, run, lua) else { return }
        advance(group.owner, next, run, lua)
    }

    private func outcome(of group: Group, _ run: ActiveRun, _ lua: Lua) -> LuaOutcome? {
        let owner = group.owner
        guard isCurrent(run), owner.opened === group, group.isOver, let decision = group.decision, let strand = owner.strand else {
            return nil
        }
        owner.opened = nil
        let hasLost = owner.isLosing && !owner.isUnwinding
        return answer(owner, strand, hasLost ? .failure(Engine.cancellation) : decision, lua)
    }
}
