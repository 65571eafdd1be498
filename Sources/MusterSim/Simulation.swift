import MusterCore
import MusterEngine

/// A fleet under virtual time: the real engine and its hooks on simulated machines. The same fleet, hooks, seed and commands give the same
/// story to the byte. Used by one thread at a time.
public final class Simulation {
    public let agenda = Agenda()
    public let story: Story
    public let engine: SimulatedEngine
    public let machines: Machines
    let rules: Rules
    /// The fleet file, as `serve` reads it at every start; commands change it.
    private(set) var fleet: FleetDeclaration
    public static let operatorName = "operator"

    public init(fleet: FleetDeclaration, seed: UInt64 = 1, makeHost: @escaping SimulatedHost.Maker) {
        self.fleet = fleet
        story = Story(agenda: agenda)
        engine = SimulatedEngine(store: MemoryStore(), agenda: agenda, seed: seed, makeHost: makeHost)
        machines = Machines(agenda: agenda, engine: engine, story: story, heartbeat: fleet.settings.heartbeat, seed: seed)
        rules = Rules(story: story, machines: machines, engine: engine)
        for declared in fleet.resources { machines.add(declared.object) }
        engine.perform = { [machines, rules] operation, finish in
            rules.ordered(operation)
            machines.perform(operation, finish)
        }
        engine.committed = { [story, rules] batch in
            batch.events.forEach(story.tell)
            rules.committed(batch)
        }
        engine.touched = { [machines] in machines.touched($0) }
        engine.report = { [story] error in story.tell(.engine, "\(error.code): \(error.message)") }
    }

    /// Virtual milliseconds since the beginning.
    public var elapsed: Int64 { agenda.elapsed }

    /// Starts the engine; machines are off until somebody switches them on.
    public func start() throws {
        try engine.start(fleet: fleet)
        machines.reachedAll()
        // Once the fleet is known: as a poll right after the start.
        agenda.after(50) { [machines] in machines.pollAll() }
    }

    /// Ends the simulation and lets go of all that it holds; its story can still be read.
    public func end() {
        engine.crash()
        engine.perform = { _, _ in }
        engine.committed = { _ in }
        engine.touched = { _ in }
        agenda.clear()
    }

    /// Lets time pass, or stops early when a condition holds after some work. Answers whether it did.
    @discardableResult
    public func run(_ milliseconds: Int64, until condition: (() -> Bool)? = nil) -> Bool {
        guard let condition else {
            agenda.run(until: elapsed + milliseconds)
            return false
        }
        if condition() { return true }
        var holds = false
        agenda.run(until: elapsed + milliseconds) {
            holds = condition()
            return holds
        }
        return holds
    }

    /// Carries out a script from where the simulation is.
    public func run(_ script: Script) throws {
        for line in script.lines {
            agenda.run(until: line.at)
            try perform(line.command)
        }
        agenda.run(until: script.end)
    }

    /// Changes the fleet file, and applies it when the engine runs.
    func apply(_ change: (inout FleetDeclaration) throws -> Void) throws {
        try change(&fleet)
        for declared in fleet.resources { machines.add(declared.object) }
        let fleet = fleet
        order("apply") { engine, now in _ = try engine.apply(fleet, now: now) }
    }

    /// What an operator's command asks of the engine, under the name of its request; a refusal is told.
    func order(_ request: String, _ body: @escaping (inout Engine, Now) throws -> Void) {
        engine.turn { [store = engine.store] engine, now in
            try Control.checkRoom(for: request, isShort: store.isShort)
            try body(&engine, now)
        } then: { [story] answer in
            if case .failure(let error) = answer { story.tell(.command, "refused: \(error.code): \(error.message)") }
        }
    }
}
