// Virtual machines: guests of a machine, without which they are nothing.
extension Machines {
    func guests(of name: String) -> [String] { carried.filter { $0.value == name }.keys.sorted() }

    /// Whether whatever a machine lives on lets it live.
    func isCarried(_ machine: SimulatedMachine) -> Bool {
        machine.hypervisor.map { name in self[name].map { $0.isUp && isCarried($0) } ?? false } ?? true
    }

    /// Whether a way is open for a machine and for what carries it.
    func has(_ way: KeyPath<SimulatedMachine, Bool>, _ machine: SimulatedMachine) -> Bool {
        machine[keyPath: way] && machine.hypervisor.flatMap { self[$0] }.map { has(way, $0) } ?? true
    }

    /// Makes a machine a guest of another; it must be off, or be carried by it.
    func move(_ name: String, onto hypervisor: String) {
        carried[name] = hypervisor == name ? nil : hypervisor
        change(name) { $0.hypervisor = carried[name] }
        if let machine = self[name], !isCarried(machine) { powerOff(name) }
        powerChanged(name)
    }
}
