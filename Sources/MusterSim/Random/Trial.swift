import MusterCore
import MusterEngine

/// One simulation with random faults: everything in it follows from the fleet, the hooks and the seed.
public struct Trial: Sendable {
    public var fleet: FleetDeclaration
    public var seed: UInt64
    /// Virtual milliseconds in which faults happen.
    public var length: Int64
    public var kinds: [Fault.Kind]
    /// How many faults there are.
    public var count: Int

    /// Virtual milliseconds after the last fault until everything must be in order.
    public static let calm: Int64 = 30 * 60_000
    /// Faults begin when the servers have had time to start.
    private static let start: Int64 = 120_000

    /// - Parameters:
    ///   - kinds: Which faults; nil for all that may befall the fleet.
    ///   - count: How many faults; nil for about as many as a rough day has in the given time.
    public init(fleet: FleetDeclaration, seed: UInt64, length: Int64, kinds: [Fault.Kind]? = nil, count: Int? = nil) {
        self.fleet = fleet
        self.seed = seed
        self.length = length
        self.kinds = kinds ?? Fault.Kind.all(in: fleet)
        self.count = count ?? max(3, Int(length / 600_000) * max(1, fleet.resources.count / 5))
    }

    public struct Outcome: Sendable {
        public var violations: [String]
        public var faults: [Fault]
        /// Virtual milliseconds.
        public var length: Int64
        public var events: Int
        public var runs: Int
        let entries: [Story.Entry]
        let end: [String]
        /// The story's lines.
        public var story: [String] { entries.map(\.line) }
        /// What of it is worth comparing: the same for the same trial, always.
        public var log: String { Simulation.log(entries, end) }
    }

    /// The faults that the seed gives.
    public var faults: [Fault] {
        var dice = FaultDice(
            seed: seed, machines: fleet.resources.map(\.object.id.rawValue).sorted(),
            servers: fleet.servers.map(\.object.id.rawValue).sorted(),
            hypervisors: Set(fleet.resources.compactMap(\.object.hypervisor?.rawValue)).sorted())
        return dice.faults(count, of: kinds, from: Self.start, to: Self.start + length)
    }

    /// Plays it with the seed's own faults, or with others in their place.
    public func play(_ given: [Fault]? = nil, makeHost: @escaping SimulatedHost.Maker) throws -> Outcome {
        let faults = given ?? faults
        let simulation = Simulation(fleet: fleet, seed: seed, makeHost: makeHost)
        // What waits in its agenda would keep it for ever, and thousands are played one after the other.
        defer { simulation.end() }
        try simulation.start()
        for (index, server) in fleet.servers.enumerated() {
            simulation.agenda.after(5_000 + Int64(index % 1_000) * 100) {
                try? simulation.perform(.serverTarget(server.object.id.rawValue, .running))
            }
        }
        var end = Self.start + length
        for fault in faults {
            for line in fault.lines {
                end = max(end, line.at)
                // What a fault names may be gone by then, as the export of a server that does not run.
                simulation.agenda.after(line.at) { try? simulation.perform(line.command) }
            }
        }
        simulation.run(end + Self.calm - simulation.elapsed, until: { !simulation.story.violations.isEmpty })
        if simulation.story.violations.isEmpty { Settlement.look(at: simulation) }
        return Outcome(
            violations: simulation.story.violations, faults: faults, length: simulation.elapsed,
            events: simulation.engine.store.allEvents.count,
            runs: simulation.engine.store.allRuns.count, entries: simulation.story.entries, end: simulation.endLines)
    }
}
