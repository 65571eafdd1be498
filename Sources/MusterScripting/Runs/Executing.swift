import MusterCore
import MusterEngine
import MusterLua

// One run's way through its script: strands go on until they wait, and get what the journal has before anything is asked of the engine.
extension RunExecutor {
    /// Goes on with the main strand until the run waits for the engine or is over.
    func proceed(_ run: ActiveRun, _ outcome: LuaOutcome, _ lua: Lua) {
        advance(run.root, outcome, run, lua)
        replay(run, lua)
    }

    /// Gives the strands the results that the journal has, in the order in which they got them, then asks for what is new.
    func replay(_ run: ActiveRun, _ lua: Lua) {
        while isCurrent(run), let step = run.nextRecorded {
            guard let branch = run.waiting[step.address], let outcome = step.outcome else {
                return drop(run, lua, because: Divergence.missing(step))
            }
            run.takeRecorded()
            deliver(outcome, to: branch, run, lua)
        }
        guard isCurrent(run) else { return }
        if run.whenRehearsed != nil { endRehearsal(run, lua) } else { send(run) }
    }

    /// Gives a strand the result of its step.
    func deliver(_ outcome: Step.Outcome, to branch: Branch, _ run: ActiveRun, _ lua: Lua) {
        if let address = branch.waiting?.address {
            run.waiting[address] = nil
            branch.waiting = nil
        }
        guard let strand = branch.strand else {
            // It came to the end of its time or memory, which is on record now.
            return ended(branch, outcome.result, run, lua)
        }
        if run.journal[branch.nextAddress]?.name == "limit", run.nextRecorded != nil {
            lua.finish(strand)
            branch.strand = nil
            return wait(branch, branch.takeAddress(), "limit", run)
        }
        if branch.isLosing, !branch.isUnwinding { return unwind(branch, Engine.cancellation, run, lua) }
        if run.isLineCancelled, !branch.isUnwinding { return unwind(branch, Prompt.cancellation, run, lua) }
        advance(branch, answer(branch, strand, outcome.result, lua), run, lua)
    }

    /// Goes on with a strand until it waits or is over.
    func advance(_ branch: Branch, _ first: LuaOutcome, _ run: ActiveRun, _ lua: Lua) {
        var outcome = first
        // A run that was dropped meanwhile executes anew elsewhere: this one must not be heard of again.
        while isCurrent(run) {
            switch outcome {
            case .returned(let values): return ended(branch, .success(values), run, lua)
            case .failed(let error): return failed(branch, error, run, lua)
            case .yielded(let name, let given):
                guard let strand = branch.strand else { return }
                if let mode = Group.Mode(rawValue: name) {
                    guard let next = open(mode, given, branch, strand, run, lua) else { return }
                    outcome = next
                    continue
                }
                let address = branch.takeAddress()
                let arguments: [Value]
                do throws(MusterError) {
                    arguments = try Value.array(given).storable().array ?? []
                } catch {
                    outcome = lua.resume(strand, with: .failure(error))
                    continue
                }
                if name == "events.follow" { run.whenFollowed?(EventFollowing.request(arguments)) }
                if name == "log", let text = arguments.first?.string { run.whenLogged?(text) }
                guard let known = run.journal[address], known.name != name || known.arguments != arguments else {
                    if run.journal[address]?.outcome == nil {
                        run.requests.append(ActiveRun.Request(address: address, name: name, arguments: arguments))
                    }
                    return wait(branch, address, name, run)
                }
                outcome = answer(branch, strand, .failure(Engine.divergence(known, name, arguments)), lua)
            }
        }
    }

    func wait(_ branch: Branch, _ address: String, _ name: String, _ run: ActiveRun) {
        branch.waiting = (address, name)
        run.waiting[address] = branch
    }

    /// Gives a strand a result; an error that no script may catch unwinds it.
    func answer(_ branch: Branch, _ strand: LuaStrand, _ result: Result<[Value], MusterError>, _ lua: Lua) -> LuaOutcome {
        guard case .failure(let error) = result, error.isUncatchable else { return lua.resume(strand, with: result) }
        if branch.isUnwinding {
            // Its undo does not come to an end either.
            lua.finish(strand)
            branch.strand = nil
            return .failed(error)
        }
        branch.isUnwinding = true
        return lua.cancel(strand, with: error)
    }

    func unwind(_ branch: Branch, _ error: MusterError, _ run: ActiveRun, _ lua: Lua) {
        guard let strand = branch.strand else { return }
        advance(branch, answer(branch, strand, .failure(error), lua), run, lua)
    }

    /// A strand ended by an error. When a branch used up its time or memory that is recorded first: another time it might not, and what
    /// the others do because of it is in the journal.
    private func failed(_ branch: Branch, _ raised: MusterError, _ run: ActiveRun, _ lua: Lua) {
        // Nothing executes in an isolate that hung: the run is over, whatever its other branches do.
        if lua.isStuck { return finished(run, .failure(raised), lua) }
        let error = branch.isUnwinding ? raised : raised.asRaisedByScript
        guard branch.group != nil, error.code == .budget || error.code == .memory else {
            return ended(branch, .failure(error), run, lua)
        }
        branch.strand = nil
        let address = branch.takeAddress()
        run.requests.append(
            ActiveRun.Request(
                address: address, name: "limit", arguments: [.string(error.code.rawValue), .string(error.message)]))
        wait(branch, address, "limit", run)
    }

    /// A strand is over: the run, or a branch of a group.
    func ended(_ branch: Branch, _ result: Result<[Value], MusterError>, _ run: ActiveRun, _ lua: Lua) {
        if branch.group != nil {
            branch.strand = nil
            branch.isOver = true
            return branchEnded(branch, result, run, lua)
        }
        if let left = run.nextRecorded, isCurrent(run), !result.isDivergence { return drop(run, lua, because: Divergence.missing(left)) }
        finished(run, result, lua)
    }

    /// Asks the engine for the steps that the strands wait for and the journal does not have.
    private func send(_ run: ActiveRun) {
        guard !run.requests.isEmpty else { return }
        let requests = run.requests
        run.requests = []
        let id = run.run.id
        // A failed commit drops this run; the engine starts it again from its journal.
        engine.post { engine, now in
            for request in requests {
                engine.requestStep(id, address: request.address, name: request.name, arguments: request.arguments, now: now)
            }
        }
    }
}

extension Result where Failure == MusterError {
    fileprivate var isDivergence: Bool { if case .failure(let error) = self { error.code == .diverged } else { false } }
}

/// Errors of scripts that no longer do what their journal says.
enum Divergence {
    static func missing(_ step: Step) -> MusterError {
        MusterError(
            .diverged,
            "step \(step.address) was \(step.name)(\(step.arguments.map(\.json).joined(separator: ", "))), and the script does not come to it now",
            hint: "the script took another way than when it was recorded: look for time, random or outside data in it")
    }
}
