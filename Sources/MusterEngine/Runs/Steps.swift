import MusterCore

// Steps: every effect and query of a run, journaled before and after.
extension Engine {
    /// A run's script wants a step. After a restart the same step comes again; it is then in doubt, and its rule decides.
    public mutating func requestStep(_ id: RunID, address: String, name: String, arguments: [Value], now: Now) {
        defer { review(now: now) }
        guard var run = world.runs[id], run.status == .running else {
            resume(id, address, .error(MusterError(.cancelled, "run \(id) is over")))
            return
        }
        if let known = world.steps[id]?[address] {
            guard known.name == name, known.arguments == arguments else {
                resume(id, address, .error(Engine.divergence(known, name, arguments)))
                return
            }
            if let outcome = known.outcome {
                resume(id, address, outcome)
                return
            }
            // Asked for twice in one engine's life: the job under way answers both.
            if isUnderWay(.step(id, address: address)) { return }
        }
        let step = world.steps[id]?[address] ?? Step(run: id, address: address, name: name, arguments: arguments, intended: now.wall)
        let isInDoubt = world.steps[id]?[address] != nil
        if run.cancel == .ordered {
            run.cancel = .raised
            world.put(run)
            finishStep(step, .error(Engine.cancellation), now: now)
            return
        }
        guard let effect = Effects.catalog[name] else {
            finishStep(step, .error(MusterError(.notFound, "there is no call \(name)")), now: now)
            return
        }
        if let error = excess(id, isInDoubt: isInDoubt) {
            // Past the allowance nothing is recorded any more: the journal ends here, whatever the script does.
            if error.isLast { resume(id, address, .error(error.error)) } else { finishStep(step, .error(error.error), now: now) }
            return
        }
        if let error = refusal(of: effect, name, run) {
            finishStep(step, .error(error), now: now)
            return
        }
        if isInDoubt, effect.inDoubt(arguments) == .ask {
            guard run.again == address else { return askOperator(run, step, now: now) }
            run.again = nil
            world.put(run)
        }
        perform(effect, step, run, isInDoubt: isInDoubt, now: now)
    }

    mutating func perform(_ effect: Effect, _ step: Step, _ run: Run, isInDoubt: Bool, now: Now) {
        let call = EffectCall(run: run, step: step, isInDoubt: isInDoubt, now: now)
        do {
            switch effect.kind {
            case .query(let answer):
                finishStep(step, .value(try answer(self, call)), now: now)
            case .change(let change):
                finishStep(step, .value(try change(&self, call)), now: now)
            case .operation(let operation):
                takeOn(call)
                if mustListenFirst(call) {
                    if !isInDoubt { world.put(step) }
                    heldOrders.insert(HeldOrder(run: run.id, address: step.address))
                    return
                }
                guard let operation = try operation(&self, call) else {
                    finishStep(step, .value(.null), now: now)
                    return
                }
                if !isInDoubt { world.put(step) }
                begin(operation, for: .step(run.id, address: step.address))
            case .work(let work):
                takeOn(call)
                if mustListenFirst(call) {
                    if !isInDoubt { world.put(step) }
                    heldOrders.insert(HeldOrder(run: run.id, address: step.address))
                    return
                }
                if !isInDoubt { world.put(step) }
                try work(&self, call, .step(run.id, address: step.address))
            case .wait(let begin):
                if let answer = try begin(&self, call) {
                    finishStep(step, .value(answer), now: now)
                    return
                }
                guard !isInDoubt else { return }
                world.put(step)
                // A run that only waits leaves its place to another of its hook.
                fillSlots(run.hook, now: now)
            }
        } catch let error as MusterError {
            finishStep(step, .error(error), now: now)
        } catch {
            finishStep(step, .error(MusterError(unexpected: error)), now: now)
        }
    }

    /// Whether somebody waits for a job or for work of the engine's.
    private func isUnderWay(_ owner: OperationOwner) -> Bool {
        operations.isUnderWay(for: owner) || ladders.isFenced(by: owner)
            || checks.values.contains { $0.owners.contains(owner) }
    }

    /// The server that a step works on: its own, or the one whose machine it switches off.
    private func server(of call: EffectCall) -> ServerID? {
        if let server = call.server { return server }
        guard Self.powerOffSteps.contains(call.step.name) || call.step.name == "resource.shut_down", let id = resourceID(call.arguments)
        else { return nil }
        return world.aliveClaim(on: id)?.server
    }

    /// A run that works on a server answers for it from then on.
    private mutating func takeOn(_ call: EffectCall) {
        guard let server = server(of: call), var run = world.runs[call.run.id], !run.servers.contains(server) else { return }
        // One that only looks on must not stand for somebody who works on it.
        if let needs = run.needs, !needs.contains(.storage) { return }
        // A session lives on after its line.
        if case .prompt = run.cause { return }
        run.servers.append(server)
        world.put(run)
    }

    /// Records a step's result and gives it to the script once it is durable.
    mutating func complete(_ run: RunID, _ address: String, _ outcome: Step.Outcome, now: Now) {
        guard let step = world.steps[run]?[address], step.outcome == nil else { return }
        finishStep(step, outcome, now: now)
    }

    private mutating func finishStep(_ step: Step, _ outcome: Step.Outcome, now: Now) {
        var step = step
        step.done = now.wall
        step.sequence = (world.doneSteps[step.run] ?? 0) + 1
        step.outcome = outcome
        world.put(step)
        resume(step.run, step.address, outcome)
    }

    private mutating func resume(_ run: RunID, _ address: String, _ outcome: Step.Outcome) {
        actions.append(.resumeRun(run, address: address, outcome))
    }

    /// The error of a run whose code no longer does what its journal says, with both sides.
    public static func divergence(_ known: Step, _ name: String, _ arguments: [Value]) -> MusterError {
        func shown(_ name: String, _ arguments: [Value]) -> String {
            "\(name)(\(arguments.map(\.json).joined(separator: ", ")))"
        }
        return MusterError(
            .diverged,
            "step \(known.address) was \(shown(known.name, known.arguments)) and is now \(shown(name, arguments))",
            hint: "the script took another way than when it was recorded: look for time, random or outside data in it")
    }

    /// Ends the sleeps and waits whose time has come.
    mutating func wakeSleepers(now: Now) {
        for step in world.takeDueSteps(now.wall) {
            complete(step.run, step.address, step.name == "reserve" ? .error(stillReserved(step)) : .value(.null), now: now)
        }
    }

    /// Gives an event to the runs that wait for it.
    mutating func wakeWaiters(for event: Event, now: Now) {
        for step in world.steps(waitingFor: event.name) where Effects.matches(step, event) {
            complete(step.run, step.address, .value(eventValue(event)), now: now)
        }
    }

    /// Ends the waits for a server to become ready on a machine that is gone: whoever waits looks for another at once.
    mutating func endReadyWaits(for server: ServerID, because error: MusterError, now: Now) {
        for step in world.readyWaits(for: server) { complete(step.run, step.address, .error(error), now: now) }
    }

    /// Ends steps that nobody wants to hear of any more: those of the branches that lost a race. What a driver is doing for one goes on;
    /// its result still changes the world.
    public mutating func cancelSteps(_ run: RunID, _ addresses: [String], now: Now) {
        for address in addresses { complete(run, address, .error(Engine.cancellation), now: now) }
        grantReservations(now: now)
        review(now: now)
    }
}
