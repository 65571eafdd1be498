import MusterCore
import MusterEngine

/// Something that goes wrong for a while: commands that begin it, and those that end it.
public struct Fault: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A machine's system hangs; somebody power-cycles it in the end.
        case crash
        /// It hangs and goes on by itself.
        case hang
        case reboot, shutdown
        /// Somebody presses the power button.
        case button
        case mains, network, storage
        /// The process that beats dies and is started again; everything else goes on.
        case heartbeat
        /// The controller is silent, lies, refuses, or is cut off.
        case bmc
        /// The controller is slow.
        case slow
        /// It is cabled to another machine for a while.
        case miswired
        /// The engine is killed, once or twice in a row.
        case engine
        case stall
        /// The engine reaches nothing.
        case split
        /// The same, and it sees its link down.
        case link
        case disk, export
        /// The operator stops and starts servers, takes machines out of use, disarms, orders fences.
        case target, maintenance, disarm, fence
        /// A machine has much to do, then little.
        case load
        /// A hypervisor is silent about its guests, lies, or refuses.
        case hypervisor

        /// Those that may befall a fleet: load matters where servers belong to a pool, hypervisors where there are virtual machines.
        public static func all(in fleet: FleetDeclaration) -> [Kind] {
            allCases.filter { kind in
                switch kind {
                case .load: fleet.servers.contains { $0.object.pool != nil }
                case .hypervisor: fleet.resources.contains { $0.object.hypervisor != nil }
                default: true
                }
            }
        }
    }

    public var kind: Kind
    public var lines: [Script.Line]

    public init(kind: Kind, lines: [Script.Line]) {
        self.kind = kind
        self.lines = lines
    }
}

/// Draws faults for a fleet: what and when follows from a seed alone.
struct FaultDice {
    private var random: SeededGenerator
    private let machines: [String]
    private let servers: [String]
    private let hypervisors: [String]

    init(seed: UInt64, machines: [String], servers: [String], hypervisors: [String] = []) {
        self.hypervisors = hypervisors
        random = SeededGenerator(seed: seed)
        self.machines = machines
        self.servers = servers
    }

    /// - Parameters:
    ///   - from: The earliest beginning, in virtual milliseconds.
    ///   - end: By when every fault is over.
    mutating func faults(_ count: Int, of kinds: [Fault.Kind], from: Int64, to end: Int64) -> [Fault] {
        (0..<count).compactMap { _ in
            guard let kind = kinds.randomElement(using: &random) else { return nil }
            let start = Int64.random(in: from..<max(from + 1, end - 1_000), using: &random)
            return fault(kind, start, end)
        }
    }

    private mutating func machine() -> String { machines.randomElement(using: &random) ?? "" }

    /// Half of them short, some long: what matters is often how two of them meet.
    private mutating func length() -> Int64 {
        let longest: Int64 = [2_000, 15_000, 60_000, 600_000].randomElement(using: &random) ?? 15_000
        return Int64.random(in: longest / 10...longest, using: &random)
    }

    private mutating func fault(_ kind: Fault.Kind, _ start: Int64, _ end: Int64) -> Fault? {
        let name = machine()
        let over = min(start + length(), end)
        func lasting(_ begin: Command, _ finish: Command) -> Fault {
            Fault(kind: kind, lines: [Script.Line(at: start, command: begin), Script.Line(at: over, command: finish)])
        }
        func once(_ command: Command) -> Fault { Fault(kind: kind, lines: [Script.Line(at: start, command: command)]) }
        switch kind {
        case .crash:
            return Fault(
                kind: kind,
                lines: [
                    Script.Line(at: start, command: .crash(name)), Script.Line(at: over, command: .power(name, .off)),
                    Script.Line(at: min(over + 2_000, end), command: .power(name, .on)),
                ])
        case .hang: return lasting(.crash(name), .thaw(name))
        case .reboot: return once(.reboot(name))
        case .shutdown: return once(.shutdown(name))
        case .button: return lasting(.power(name, .off), .power(name, .on))
        case .mains: return lasting(.mains(name, .off), .mains(name, .on))
        case .heartbeat: return lasting(.heartbeat(name, .off), .heartbeat(name, .on))
        case .network: return lasting(.network(name, .off), .network(name, .on))
        case .storage: return lasting(.storage(name, .off), .storage(name, .on))
        case .bmc:
            let mood = [SimulatedController.Mood.silent, .lie, .refuse].randomElement(using: &random)
            if let mood, Int.random(in: 0..<4, using: &random) > 0 { return lasting(.bmc(name, mood), .bmc(name, .ok)) }
            return lasting(.bmcNetwork(name, .off), .bmcNetwork(name, .on))
        case .slow: return lasting(.bmcDelay(name, Int64.random(in: 500...4_000, using: &random)), .bmcDelay(name, 50))
        case .miswired:
            let other = machine()
            return other == name ? nil : lasting(.bmcMiswired(name, to: other), .bmcMiswired(name, to: name))
        case .engine:
            let pause = min(length(), end - start)
            let crash = Script.Line(at: start, command: .engineCrash(pause))
            guard Bool.random(using: &random) else { return Fault(kind: kind, lines: [crash]) }
            let again = min(start + pause + Int64.random(in: 1...3_000, using: &random), end)
            return Fault(kind: kind, lines: [crash, Script.Line(at: again, command: .engineCrash(500))])
        case .stall: return once(.engineStall(Int64.random(in: 500...20_000, using: &random)))
        case .split: return lasting(.engineSplit(.on), .engineSplit(.off))
        case .link: return lasting(.engineNetwork(.off), .engineNetwork(.on))
        case .disk: return lasting(.diskFull(.on), .diskFull(.off))
        case .export: return servers.randomElement(using: &random).map { once(.exportDie($0)) }
        case .target: return servers.randomElement(using: &random).map { lasting(.serverTarget($0, .stopped), .serverTarget($0, .running)) }
        case .maintenance: return lasting(.maintenance(name, .on), .maintenance(name, .off))
        case .disarm: return lasting(.arm(.off), .arm(.on))
        case .fence: return once(.fence(name))
        case .hypervisor:
            guard let name = hypervisors.randomElement(using: &random) else { return nil }
            let mood = [SimulatedHypervisor.silent, .lie, .refuse].randomElement(using: &random) ?? .silent
            return lasting(.hypervisor(name, mood), .hypervisor(name, .ok))
        case .load:
            return lasting(.load(name, Double.random(in: 0.5...4, using: &random)), .load(name, Double.random(in: 0...0.4, using: &random)))
        }
    }
}
