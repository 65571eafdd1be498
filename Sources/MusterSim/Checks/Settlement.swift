import MusterCore
import MusterEngine

/// What must be true once faults have stopped and everybody had time: nothing is missing, nothing hangs, nothing was lost.
enum Settlement {
    static func look(at simulation: Simulation) {
        let story = simulation.story
        guard simulation.engine.isRunning else { return story.violate("the engine does not run") }
        servers(simulation).forEach(story.violate)
        runs(simulation).forEach(story.violate)
        reactions(simulation).forEach(story.violate)
    }

    /// Every server runs, or is blocked with its reason (design, rule 5); and what is believed to run does.
    private static func servers(_ simulation: Simulation) -> [String] {
        let engine = simulation.engine.engine
        return (engine.serverValues.array ?? []).compactMap { server in
            let (name, state) = (server["name"].string ?? "", server["state"].string ?? "")
            switch (server["target"].string, state) {
            case ("running", "running"):
                let epoch = Epoch(server["epoch"].int ?? 0)
                return simulation.machines.serves(epoch) ? nil : "\(name) is believed to run (epoch \(epoch)), and no machine serves it"
            case ("running", "blocked"), ("stopped", "blocked"):
                return server["blocked"]["reason"].string?.isEmpty == false ? nil : "\(name) is blocked without a reason"
            case ("running", _): return "\(name) should run, is \(state), and nobody says why"
            case (_, "stopped"): return nil
            default: return "\(name) should be stopped, is \(state), and nobody says why"
            }
        }
    }

    /// No run is alive that does not wait for time, events or people.
    private static func runs(_ simulation: Simulation) -> [String] {
        let world = simulation.engine.engine.world
        return world.runs.values.sorted { $0.id < $1.id }.compactMap { run in
            if run.status == .asking { return nil }
            let open = (world.steps[run.id] ?? [:]).values.filter { $0.outcome == nil }.map(\.name).sorted()
            let age = simulation.agenda.now.wall.milliseconds - run.at.milliseconds
            if age < Trial.calm / 2 || (!open.isEmpty && open.allSatisfy { $0 == "sleep" || $0 == "wait_for" || $0 == "ask" }) {
                return nil
            }
            return
                "run \(run.id) of \(run.hook) is \(run.status.rawValue) for \(age / 1_000) s at \(open.isEmpty ? "no step" : open.joined(separator: ", "))"
        }
    }

    /// Every event has had its run of every hook that listens for it, once.
    private static func reactions(_ simulation: Simulation) -> [String] {
        let engine = simulation.engine.engine
        let hooks = engine.world.hooks.values.filter { !engine.rests($0) }.sorted { $0.id < $1.id }
        struct Reaction: Hashable {
            var hook: HookID
            var event: EventID
        }
        var counts: [Reaction: Int] = [:]
        for run in simulation.engine.store.allRuns where run.attempt == nil && run.argument["state"].isNull {
            if case .event(let event) = run.cause { counts[Reaction(hook: run.hook, event: event), default: 0] += 1 }
        }
        var problems: [String] = []
        for event in simulation.engine.store.allEvents where event.data["reaction"] != true {
            for hook in hooks where hook.declaration.trigger == .event(event.name) {
                let count = counts[Reaction(hook: hook.id, event: event.id)] ?? 0
                // Events from before the hook was first loaded are not its own.
                if count > 1 || count == 0 && event.name != "engine.started" && event.id.rawValue > 1 {
                    problems.append("event \(event.id) (\(event.name)) had \(count) runs of \(hook.id)")
                }
            }
        }
        return problems
    }
}
