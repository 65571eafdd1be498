import MusterCore
import MusterEngine

/// The machines of a simulation with their controllers, networks and storage, as they really are.
public final class Machines {
    /// In the order of their names.
    public private(set) var names: [String] = []
    private var machines: [String: SimulatedMachine] = [:]
    private var byController: [String: String] = [:]
    /// Whether the engine's machine reaches anything: machines, controllers, storage.
    public var engineHasNetwork = true
    public let storage: SimulatedStorage

    let agenda: Agenda
    let engine: SimulatedEngine
    let story: Story
    private var boots = 0
    /// Milliseconds between two beats of a machine that its plan told nothing else.
    let heartbeat: Int64 = 1_000

    init(agenda: Agenda, engine: SimulatedEngine, story: Story) {
        self.agenda = agenda
        self.engine = engine
        self.story = story
        storage = SimulatedStorage(story: story)
    }

    public subscript(name: String) -> SimulatedMachine? { machines[name] }

    /// Changes what a machine is; nothing when there is none of the name.
    @discardableResult
    public func change<Answer>(_ name: String, _ body: (inout SimulatedMachine) -> Answer) -> Answer? {
        guard var machine = machines[name] else { return nil }
        machines[name] = nil
        defer { machines[name] = machine }
        return body(&machine)
    }

    /// Puts a machine where a fleet declares one. One that is there already stays as it is, with the memory and processors declared.
    func add(_ resource: Resource) {
        let name = resource.id.rawValue
        if let bmc = resource.bmc { byController[bmc.address] = name }
        if machines[name] != nil {
            change(name) { ($0.memoryMiB, $0.cpus) = (resource.memoryMiB, resource.cpus) }
            return
        }
        guard let mac = resource.macs.first else { return }
        let number = String(mac.compact.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF_FFFF }, radix: 16)
        let uuid = "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - number.count) + number
        machines[name] = SimulatedMachine(name: name, mac: mac, uuid: uuid, memoryMiB: resource.memoryMiB, cpus: resource.cpus)
        names.insert(name, at: names.firstIndex { $0 > name } ?? names.endIndex)
    }

    /// The machine whose controller answers at an address.
    func behind(_ controller: String) -> SimulatedMachine? { byController[controller].flatMap { machines[$0] } }

    /// Whether the engine and a machine hear each other.
    func hears(_ machine: SimulatedMachine) -> Bool { engineHasNetwork && machine.hasNetwork && engine.isRunning }

    /// A number for each boot of any machine.
    func nextBoot() -> Int {
        boots += 1
        return boots
    }

    /// Does something later, unless the machine has started anew or stopped by then, or hangs.
    func later(_ name: String, _ milliseconds: Int64, _ body: @escaping (Machines) -> Void) {
        guard let life = machines[name]?.life else { return }
        agenda.after(milliseconds) { [weak self] in
            guard let self, let machine = machines[name], machine.life == life, machine.isOn, !machine.isFrozen else { return }
            body(self)
        }
    }
}
