import MusterCore
import MusterEngine

// A machine's way from its power button to its beats.
extension Machines {
    /// Switches it on, as its button or controller does.
    public func powerOn(_ name: String) {
        guard let machine = self[name], machine.hasMains, !machine.isOn, isCarried(machine) else { return }
        story.tell(.machine, "\(name) powers on", resource: name)
        startAnew(name)
    }

    /// Takes its power away at once.
    public func powerOff(_ name: String) {
        guard let machine = self[name], machine.isOn else { return }
        story.tell(.machine, "\(name) is off", resource: name)
        stop(name)
    }

    private func stop(_ name: String) {
        fallSilent(name)
        let wasOn = self[name]?.isOn == true
        defer { if wasOn != self[name]?.isOn { powerChanged(name) } }
        change(name) { machine in
            machine.life += 1
            machine.willBeat = false
            machine.stage = .off
            machine.isFrozen = false
            machine.token = nil
            machine.epoch = nil
            machine.bootID = nil
            machine.hasReported = false
            machine.armed = nil
            machine.hasAgent = true
        }
        guests(of: name).forEach(powerOff)
    }

    /// Resets it: whatever ran is gone, and the firmware begins.
    public func startAnew(_ name: String) {
        stop(name)
        change(name) { $0.stage = .firmware }
        powerChanged(name)
        later(name, self[name]?.firmwareTime ?? 0) { $0.askForPlan(name) }
    }

    /// Its system hangs: power is on, and nothing moves any more.
    public func freeze(_ name: String) {
        guard self[name]?.isOn == true else { return }
        fallSilent(name)
        change(name) {
            $0.isFrozen = true
            $0.willBeat = false
        }
        hostingChanged(name)
        guests(of: name).forEach(freeze)
    }

    /// A system that hung goes on as if nothing had been; one that was starting starts anew.
    public func thaw(_ name: String) {
        guard let machine = self[name], machine.isFrozen else { return }
        guard machine.stage == .up else { return startAnew(name) }
        change(name) { $0.isFrozen = false }
        hostingChanged(name)
        guests(of: name).forEach(thaw)
        if machine.epoch != nil { lookAtRoot(name) }
        beatNext(name)
    }

    /// Shuts its system down in order, which then powers off.
    public func shutDown(_ name: String) {
        guard let machine = self[name], machine.isUp else { return }
        later(name, machine.shutdownTime) { $0.powerOff(name) }
    }

    /// Restarts its system in order.
    public func reboot(_ name: String) {
        guard let machine = self[name], machine.isUp else { return }
        later(name, machine.shutdownTime) { machines in
            machines.story.tell(.machine, "\(name) restarts", resource: name)
            machines.startAnew(name)
        }
    }

    // MARK: Booting

    private func askForPlan(_ name: String) {
        guard let machine = self[name] else { return }
        guard hears(machine) else { return later(name, 5_000) { $0.askForPlan(name) } }
        let request = BootRequest(mac: machine.mac, uuid: machine.uuid, arch: "x86_64")
        engine.turn { engine, now in
            engine.bootQuestion(request, now: now)
        } then: { [self] answer in
            guard case .success(let question?) = answer else { return ask(name, machine.life, request, nil) }
            engine.decide(question) { self.ask(name, machine.life, request, $0) }
        }
    }

    private func ask(_ name: String, _ life: Int, _ request: BootRequest, _ decision: Decision?) {
        engine.turn { engine, now in
            engine.plan(for: request, decision: decision, now: now)
        } then: { [self] answer in
            if case .success = answer { showedLife(name) }
            guard let machine = self[name], machine.life == life else { return }
            guard case .success(let plan) = answer, hears(machine) else { return later(name, 5_000) { $0.askForPlan(name) } }
            follow(plan, name, machine)
        }
    }

    private func follow(_ plan: BootPlan, _ name: String, _ machine: SimulatedMachine) {
        switch plan {
        case .wait: later(name, 5_000) { $0.askForPlan(name) }
        case .local:
            change(name) { $0.stage = .loading }
            later(name, machine.loadTime) { machines in
                machines.change(name) { $0.stage = .up }
                machines.hostingChanged(name)
            }
        case .discover(let token): load(name, token, nil, nil)
        case .image(let boot): load(name, boot.token, boot.epoch, boot.watchdog)
        }
    }

    private func load(_ name: String, _ token: String, _ epoch: Epoch?, _ terms: WatchdogTerms?) {
        guard let machine = self[name] else { return }
        change(name) { $0.stage = .loading }
        later(name, machine.loadTime) { machines in
            guard epoch.map({ machines.storage.isOpen($0) && machines[name].map { machines.has(\.hasStorage, $0) } == true }) ?? true else {
                // There is no root to mount.
                return machines.startAnew(name)
            }
            machines.isUp(name, token, epoch, terms)
        }
    }

    private func isUp(_ name: String, _ token: String, _ epoch: Epoch?, _ terms: WatchdogTerms?) {
        let number = nextBoot()
        change(name) { machine in
            machine.stage = .up
            machine.token = token
            machine.epoch = epoch
            machine.bootID = "boot-\(number)"
            machine.upSince = agenda.elapsed
            machine.armed = terms.flatMap(machine.watchdog.armed)
            machine.fed = agenda.elapsed
        }
        watchFeeding(name)
        hostingChanged(name)
        if let epoch {
            homes[epoch] = name
            story.tell(.machine, "\(name) runs the image of epoch \(epoch)", resource: name)
            storage.attach(epoch, name)
            lookAtRoot(name)
        } else {
            story.tell(.machine, "\(name) idles", resource: name)
        }
        beat(name)
    }

    // MARK: Its root

    /// A machine that has lost its root for so long panics and resets.
    private static let rootPatience: Int64 = 10_000

    /// Looks whether it still reaches its root, now and whenever that may have changed.
    func lookAtRoot(_ name: String) {
        guard let machine = self[name], machine.isUp, let epoch = machine.epoch, !reachesRoot(machine) else { return }
        later(name, Self.rootPatience) { machines in
            guard let machine = machines[name], machine.isUp, machine.epoch == epoch, !machines.reachesRoot(machine) else { return }
            machines.story.tell(.machine, "\(name) has lost its root and resets", resource: name)
            machines.startAnew(name)
        }
    }

    func reachesRoot(_ machine: SimulatedMachine) -> Bool { has(\.hasStorage, machine) && machine.epoch.map(storage.isOpen) ?? true }

    /// Whether the server of a claim answers somebody who asks it from the engine's machine.
    func serves(_ epoch: Epoch) -> Bool {
        guard let name = homes[epoch], let machine = self[name], machine.epoch == epoch, machine.isUp, machine.hasReported else {
            return false
        }
        return engineHasNetwork && has(\.hasNetwork, machine) && reachesRoot(machine)
            && agenda.elapsed >= machine.upSince + machine.serviceTime
    }
}
