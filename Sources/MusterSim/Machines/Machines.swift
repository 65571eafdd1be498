import MusterCore
import MusterEngine

/// The machines of a simulation with their controllers, networks and storage, as they really are.
public final class Machines {
    /// In the order of their names.
    public private(set) var names: [String] = []
    private var machines: [String: SimulatedMachine] = [:]
    private var byController: [String: ResourceID] = [:]
    private var controlled: Set<ResourceID> = []
    /// The machines that controllers are really cabled to, where that is not the one they are declared for.
    var wired: [ResourceID: String] = [:]
    /// The hypervisors of the machines that have one.
    var carried: [String: String] = [:]
    /// The hypervisors that are asked about guests, as declared.
    private(set) var managed: [ResourceID: String] = [:]
    /// The machine that booted the image of an epoch.
    var homes: [Epoch: String] = [:]
    /// Whether the engine's machine reaches anything: machines and controllers.
    public internal(set) var engineHasNetwork = true
    /// When the engine last learnt that a machine lives, by its name.
    private(set) var shownLife: [String: Int64] = [:]
    /// The controllers that will be polled soon.
    var polls: Set<ResourceID> = []
    var random: SeededGenerator
    public let storage: SimulatedStorage
    public let outside = Outside()

    let agenda: Agenda
    let engine: SimulatedEngine
    let story: Story
    private var boots = 0
    /// Milliseconds between two beats of a machine.
    let heartbeat: Int64

    init(agenda: Agenda, engine: SimulatedEngine, story: Story, heartbeat: Int64, seed: UInt64) {
        self.heartbeat = heartbeat
        random = SeededGenerator(seed: ~seed)
        self.agenda = agenda
        self.engine = engine
        self.story = story
        storage = SimulatedStorage(story: story)
    }

    var elapsed: Int64 { agenda.elapsed }

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
        if let bmc = resource.bmc {
            byController[bmc.address] = resource.id
            controlled.insert(resource.id)
            pollSoon(resource.id)
        }
        if let hypervisor = resource.hypervisor?.rawValue, managed.updateValue(hypervisor, forKey: resource.id) != hypervisor {
            if machines[name]?.isOn != true { carried[name] = hypervisor }
            pollSoon(resource.id)
        }
        if machines[name] != nil {
            change(name) { ($0.memoryMiB, $0.cpus) = (resource.memoryMiB, resource.cpus) }
            return
        }
        guard let mac = resource.macs.first else { return }
        let number = String(mac.compact.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF_FFFF }, radix: 16)
        let uuid = "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - number.count) + number
        machines[name] = SimulatedMachine(name: name, mac: mac, uuid: uuid, memoryMiB: resource.memoryMiB, cpus: resource.cpus)
        machines[name]?.hypervisor = carried[name]
        names.insert(name, at: names.firstIndex { $0 > name } ?? names.endIndex)
    }

    /// The machine that the controller at an address is cabled to.
    func behind(_ controller: String) -> SimulatedMachine? {
        byController[controller].flatMap { machines[wired[$0] ?? $0.rawValue] }
    }

    /// The resources that have a controller or a hypervisor, by name.
    var byName: [ResourceID] { (Array(byController.values) + managed.keys).sorted() }

    /// The resources whose controllers are cabled to a machine, and its guests: what is read of them may change with it.
    func controllers(of name: String) -> [ResourceID] {
        let own = ResourceID(name)
        let others = wired.filter { $0.value == name && $0.key != own }.map(\.key)
        let guests = managed.filter { $0.key == own || $0.value == name }.map(\.key)
        return (guests + others + (controlled.contains(own) && (wired[own] ?? name) == name ? [own] : [])).sorted()
    }

    /// Whether the engine and a machine hear each other.
    func hears(_ machine: SimulatedMachine) -> Bool { engineHasNetwork && has(\.hasNetwork, machine) && engine.isRunning }

    /// Whether the engine hears what a machine's agent says.
    func hearsAgent(_ machine: SimulatedMachine) -> Bool { machine.hasAgent && hears(machine) }

    /// The engine has taken note of a machine's life.
    func showedLife(_ name: String) { shownLife[name] = agenda.elapsed }

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
