import MusterCore
import MusterEngine

// Heartbeats as the engine's tracker reports them: a machine that goes on beating costs nothing, only its beginning and its end are told.
extension Machines {
    /// Puts the machine's next beat on the agenda.
    func beatNext(_ name: String) {
        guard let machine = self[name], machine.isUp, !machine.willBeat else { return }
        change(name) { $0.willBeat = true }
        let beats = (agenda.elapsed - machine.upSince) / heartbeat + 1
        later(name, machine.upSince + beats * heartbeat - agenda.elapsed) { machines in
            machines.change(name) { $0.willBeat = false }
            machines.beat(name)
        }
    }

    /// Reports until that is taken, then beats. Who is not heard beats on, and is heard again when `reached` says so.
    func beat(_ name: String) {
        guard let machine = self[name], machine.isUp, let token = machine.token, let bootID = machine.bootID, hearsAgent(machine) else {
            return
        }
        if machine.hasReported {
            let beat = Heartbeat(
                mac: machine.mac, token: token, bootID: bootID, epoch: machine.epoch, load: machine.load * Double(machine.cpus),
                memoryUsedMiB: machine.memoryUsedMiB, watchdog: machine.armed)
            engine.turn { engine, now in
                engine.beginsToBeat(beat, now: now)
            } then: { [self] answer in
                took(answer, name, machine.life)
            }
        } else {
            let report = MachineReport(
                mac: machine.mac, token: token, bootID: bootID, uuid: machine.uuid, memoryMiB: machine.memoryMiB, cpus: machine.cpus,
                epoch: machine.epoch, address: nil)
            engine.turn { engine, now in
                try engine.report(report, now: now)
            } then: { [self] answer in
                guard self[name]?.life == machine.life else { return }
                if case .success = answer { change(name) { $0.hasReported = true } }
                beatNext(name)
            }
        }
    }

    /// Its heartbeats carry another load from now on.
    func load(_ name: String, _ load: Double) {
        change(name) { $0.load = load }
        guard let machine = self[name], machine.isHeard else { return }
        let average = load * Double(machine.cpus)
        engine.turn { engine, now in
            engine.loadSeen(ResourceID(name), LoadObservation(load: average, memoryUsedMiB: machine.memoryUsedMiB, at: now.monotonic))
        }
    }

    private func took(_ answer: Result<HeartbeatAnswer, MusterError>, _ name: String, _ life: Int) {
        if case .success = answer { showedLife(name) }
        guard let machine = self[name], machine.life == life, machine.isUp, hearsAgent(machine) else { return }
        switch answer {
        case .success(.ok):
            change(name) {
                $0.isHeard = true
                $0.fed = agenda.elapsed
            }
            // It may have begun to wait, or to work: a poll to come would measure that.
            if machine.controller.draws != nil { powerChanged(name) }
        case .success(.reset):
            story.tell(.machine, "\(name) is told to reset", resource: name)
            startAnew(name)
        case .failure: beatNext(name)
        }
    }

    /// Something about machines changed in the engine: their next beat may get another answer.
    func touched(_ touched: Touched) {
        switch touched {
        case .some(let ids): ids.forEach { if self[$0.rawValue]?.isHeard == true { beatNext($0.rawValue) } }
        case .all: names.forEach { if self[$0]?.isHeard == true { beatNext($0) } }
        }
    }

    /// It is heard no more: it stopped, hangs, or something is cut.
    func fallSilent(_ name: String) {
        guard self[name]?.isHeard == true else { return }
        isUnheard(name)
        engine.turn { engine, now in engine.fellSilent(ResourceID(name), now: now) }
    }

    /// What lies between the engine and a machine may have changed.
    func reached(_ name: String) {
        guard let machine = self[name], machine.isUp else { return }
        if hearsAgent(machine) { beatNext(name) } else { fallSilent(name) }
    }

    /// The engine's own network, or its process, came or went.
    func reachedAll() {
        names.forEach(reached)
        byName.forEach(pollSoon)
    }

    /// A new engine process hears nobody yet.
    func engineDied() { for name in names where self[name]?.isHeard == true { isUnheard(name) } }

    // MARK: Its watchdog

    /// Nobody acknowledges its beats any more: the last one that was is its last feeding.
    private func isUnheard(_ name: String) {
        change(name) {
            $0.isHeard = false
            $0.fed = max($0.fed, $0.upSince + (agenda.elapsed - $0.upSince) / heartbeat * heartbeat)
        }
        watchFeeding(name)
    }

    /// Resets it, hung or not, once it has not been fed for long enough.
    func watchFeeding(_ name: String) {
        guard let machine = self[name], let armed = machine.armed else { return }
        agenda.after(max(0, machine.fed + armed.seconds * 1000 - agenda.elapsed)) { [weak self] in
            guard let self, let now = self[name], now.life == machine.life, now.isOn, !now.isHeard, now.fed == machine.fed else { return }
            story.tell(.machine, "the watchdog of \(name) resets it", resource: name)
            startAnew(name)
        }
    }
}
