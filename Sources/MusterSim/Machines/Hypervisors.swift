import MusterCore
import MusterEngine

// What the engine's orders about virtual machines do, through the hypervisors that are declared for them.
extension Machines {
    /// How long a hypervisor that does not answer is asked, and how long one takes that does.
    private static let patience: Int64 = 5_000
    private static let answerTime: Int64 = 50
    private static let actionTime: Int64 = 500

    /// Whether the hypervisor of a guest is up, is reached and answers.
    private func answers(_ guest: Guest) -> Bool {
        guard engineHasNetwork, let machine = self[guest.hypervisor.rawValue] else { return false }
        return machine.isUp && isCarried(machine) && has(\.hasNetwork, machine) && machine.hosting != .silent
    }

    /// The guest where it is declared to be; nil when that hypervisor has none, or no more.
    private func found(_ guest: Guest) -> SimulatedMachine? {
        guard let machine = self[guest.name.rawValue], carried[machine.name] == guest.hypervisor.rawValue, machine.isDefined || machine.isOn
        else { return nil }
        return machine
    }

    /// Does something on the hypervisor once it has answered; its patience over, nothing.
    private func ask(_ guest: Guest, _ finish: @escaping Finish, _ answer: @escaping () -> Void) {
        let silent = MusterError(
            .hypervisorSilent, "the hypervisor \(guest.hypervisor) does not answer", hint: "look at it and at its network")
        guard answers(guest) else { return agenda.after(Self.patience) { finish(.failure(silent)) } }
        agenda.after(Self.answerTime) { [self] in
            if answers(guest) { answer() } else { finish(.failure(silent)) }
        }
    }

    func read(_ guest: Guest, _ finish: @escaping Finish) {
        ask(guest, finish) { [self] in
            guard let machine = found(guest) else { return finish(.success(.absent("\(guest.hypervisor) has no guest \(guest.name)"))) }
            finish(.success(.power(machine.isOn ? .on : .off)))
        }
    }

    func start(_ guest: Guest, _ timeout: Int64, _ finish: @escaping Finish) {
        order(guest, finish) { [self] in
            if let machine = found(guest), machine.isOn { return finish(.success(.done)) }
            if guest.mustBeThere, found(guest) == nil {
                return finish(
                    .failure(MusterError(.guestAbsent, "\(guest.hypervisor) has no guest \(guest.name)", hint: "look where it runs")))
            }
            if let refusal = refusal(guest) { return finish(.failure(refusal)) }
            story.tell(.power, "start \(guest.name) on \(guest.hypervisor)", resource: guest.name.rawValue)
            if isObedient(guest) { create(guest) }
            readBack(.on, guest, until: agenda.elapsed + timeout, finish)
        }
    }

    private func create(_ guest: Guest) {
        let name = guest.name.rawValue
        if self[name]?.isOn == true {
            return story.violate("\(name) is started on \(guest.hypervisor), and runs on \(carried[name] ?? "no hypervisor") too")
        }
        carried[name] = guest.hypervisor.rawValue
        change(name) {
            $0.hypervisor = guest.hypervisor.rawValue
            $0.isDefined = true
        }
        powerOn(name)
    }

    func destroy(_ guest: Guest, _ timeout: Int64, _ finish: @escaping Finish) {
        order(guest, finish) { [self] in
            guard let machine = found(guest) else { return finish(.success(.absent("\(guest.hypervisor): it has no guest \(guest.name)"))) }
            guard machine.isOn else { return finish(.success(.words("\(guest.hypervisor): read off"))) }
            if let refusal = refusal(guest) { return finish(.failure(refusal)) }
            story.tell(.power, "destroy \(guest.name) on \(guest.hypervisor)", resource: guest.name.rawValue)
            if isObedient(guest) { powerOff(machine.name) }
            readBack(.off, guest, until: agenda.elapsed + timeout, finish)
        }
    }

    func shutDown(_ guest: Guest, _ finish: @escaping Finish) {
        order(guest, finish) { [self] in
            if let refusal = refusal(guest) { return finish(.failure(refusal)) }
            if isObedient(guest) { shutDown(guest.name.rawValue) }
            finish(.success(.done))
        }
    }

    private func isObedient(_ guest: Guest) -> Bool { self[guest.hypervisor.rawValue]?.hosting == .ok }

    private func refusal(_ guest: Guest) -> MusterError? {
        guard self[guest.hypervisor.rawValue]?.hosting == .refuse else { return nil }
        return MusterError(.hypervisorRefused, "the hypervisor \(guest.hypervisor) refuses the order", hint: "look at its log")
    }

    /// Gives an order, unless a later one was taken already.
    private func order(_ guest: Guest, _ finish: @escaping Finish, _ act: @escaping () -> Void) {
        ask(guest, finish) { [self] in
            guard let machine = self[guest.name.rawValue], guest.order >= machine.lastOrder else {
                return finish(
                    .failure(
                        MusterError(.stale, "a later order about \(guest.name) overtook this one", hint: "look at the machine's events")))
            }
            change(machine.name) { $0.lastOrder = guest.order }
            act()
        }
    }

    /// Polls a hypervisor until it reads what was ordered.
    private func readBack(_ power: Power, _ guest: Guest, until deadline: Int64, _ finish: @escaping Finish) {
        agenda.after(Self.actionTime) { [self] in
            ask(guest, finish) { [self] in
                if (found(guest)?.isOn == true) == (power == .on) {
                    if power == .on { showedLife(guest.name.rawValue) }
                    return finish(.success(power == .on ? .done : .words("\(guest.hypervisor): destroyed, and read back off")))
                }
                if (self[guest.name.rawValue]?.lastOrder ?? 0) > guest.order {
                    return finish(
                        .failure(
                            MusterError(.stale, "a later order about \(guest.name) overtook this one", hint: "look at the machine's events")
                        ))
                }
                guard agenda.elapsed < deadline else {
                    let code: MusterError.Code = power == .on ? "still_off" : .stillOn
                    let words = "\(guest.hypervisor) took the order, and \(guest.name) still reads \(power == .on ? "off" : "on")"
                    return finish(.failure(MusterError(code, words, hint: "look at the hypervisor")))
                }
                readBack(power, guest, until: deadline, finish)
            }
        }
    }
}
