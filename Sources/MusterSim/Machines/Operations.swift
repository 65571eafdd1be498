import MusterCore
import MusterEngine

// What the engine's orders do to the machines.
extension Machines {
    typealias Finish = (Result<OperationResult, MusterError>) -> Void

    /// How long a controller that does not answer is asked.
    private static let silence: Int64 = 5_000

    func perform(_ operation: Operation, _ finish: @escaping Finish) {
        switch operation {
        case .readPower(let id, let control, _): read(id, control, finish)
        case .readDraw(_, let bmc): ask(bmc, finish) { machine in .draw(machine.isOn ? machine.controller.draws : nil) }
        case .readHypervisor(let question): read(hypervisor: question, finish)
        case .readGUID(_, let bmc): ask(bmc, finish) { machine in .words(machine.uuid) }
        case .setBootDevice(_, let bmc, _): ask(bmc, finish, isOrder: true) { _ in .done }
        case .powerOn(let id, let control, let uuid, let timeout):
            switch control {
            case .bmc(let bmc): switchOn(bmc, uuid, timeout, finish)
            case .hypervisor(let guest): start(guest, timeout, finish)
            case .agent(let agent): feed(id, by: agent, timeout, finish)
            }
        case .powerOff(let id, let control, let uuid, _, let timeout, _):
            switch control {
            case .bmc(let bmc): switchOff(id, bmc, uuid, timeout, finish)
            case .hypervisor(let guest): destroy(guest, timeout, finish)
            case .agent(let agent): fence(id, by: agent, timeout, finish)
            }
        case .fenceAgent(let id, let agent, _, let timeout): fence(id, by: agent, timeout, finish)
        case .checkRung(let question): check(question, finish)
        case .softOff(_, .agent): finish(.failure(MusterError(.noBMC, "an outlet asks nobody to shut down")))
        case .softOff(_, .hypervisor(let guest)): shutDown(guest, finish)
        case .softOff(_, .bmc(let bmc)):
            ask(bmc, finish, isOrder: true) { [self] machine in
                if machine.controller.mood == .ok { shutDown(machine.name) }
                return .done
            }
        case .openExport(let request, let cutFirst): openExport(request, cutFirst, finish)
        case .cutExport(let epoch, _):
            agenda.after(200) { [self] in
                cut(epoch)
                finish(.success(.words("cut")))
            }
        case .listExports: agenda.after(20) { [storage] in finish(.success(.exports(storage.openEpochs))) }
        case .waitReady(let server, let epoch, _, let timeout): waitReady(server, epoch, until: agenda.elapsed + timeout, finish)
        case .http(let request):
            agenda.after(50) { [outside, agenda] in finish(outside.ask(request, at: agenda.elapsed)) }
        case .metric(let request):
            agenda.after(50) { [outside, agenda] in
                finish(
                    outside.ask(request.page, at: agenda.elapsed).flatMap { answer in
                        Result { () throws(MusterError) in .value(try request.read(answer.value)) }
                    })
            }
        case .program(let request):
            agenda.after(50) { [outside, agenda] in finish(outside.run(request, at: agenda.elapsed)) }
        case .decide: finish(.success(.decision(Decision())))
        }
    }

    // MARK: Controllers

    private func silent(_ bmc: BMC) -> MusterError {
        MusterError(.bmcSilent, "the BMC at \(bmc.address) does not answer", hint: "check its network, or confirm by hand")
    }

    /// The machine behind a controller that can be reached and answers.
    private func answering(_ bmc: BMC) -> SimulatedMachine? {
        guard engineHasNetwork, let machine = behind(bmc.address), machine.hasMains, machine.controller.hasNetwork,
            machine.controller.mood != .silent, isCarried(machine)
        else { return nil }
        return machine
    }

    /// Asks a controller something: its answer comes when it has had its time, or it is silent until the patience is over.
    private func ask(
        _ bmc: BMC, _ finish: @escaping Finish, isOrder: Bool = false, _ answer: @escaping (SimulatedMachine) -> OperationResult
    ) {
        guard let machine = answering(bmc) else { return agenda.after(Self.silence) { [self] in finish(.failure(silent(bmc))) } }
        agenda.after(machine.controller.delay) { [self] in
            guard let machine = answering(bmc) else { return finish(.failure(silent(bmc))) }
            if isOrder, machine.controller.mood == .refuse { return finish(.failure(refused(bmc))) }
            finish(.success(answer(machine)))
        }
    }

    private func refused(_ bmc: BMC) -> MusterError {
        MusterError(.bmcPrivilege, "the BMC at \(bmc.address) refuses the order", hint: "give its user the operator's privilege")
    }

    private func otherMachine(_ bmc: BMC, _ machine: SimulatedMachine, _ uuid: String?) -> MusterError? {
        guard let uuid, machine.uuid != uuid else { return nil }
        return MusterError(
            .bmcIdentity, "the BMC at \(bmc.address) is of another machine: \(machine.uuid)", hint: "check its cabling and its address")
    }

    private func switchOn(_ bmc: BMC, _ uuid: String?, _ timeout: Int64, _ finish: @escaping Finish) {
        order(bmc, uuid, .on, finish) { [self] machine in
            story.tell(.power, "on \(machine.name)", resource: machine.name)
            if isObeyed(machine, .on) { powerOn(machine.name) }
            readBack(.on, bmc, until: agenda.elapsed + timeout, finish)
        }
    }

    private func switchOff(_ id: ResourceID, _ bmc: BMC, _ uuid: String?, _ timeout: Int64, _ finish: @escaping Finish) {
        order(bmc, uuid, .off, finish) { [self] machine in
            if machine.name != id.rawValue, engine.engine.world.resources[id]?.uuid != nil {
                story.violate("the order to switch off \(id) reached \(machine.name)")
            }
            story.tell(.power, "off \(machine.name)", resource: machine.name)
            if isObeyed(machine, .off) { powerOff(machine.name) }
            readBack(.off, bmc, until: agenda.elapsed + timeout, finish)
        }
    }

    /// Gives a controller an order, once it is seen to be the right machine's, and not to be where it should be already.
    private func order(
        _ bmc: BMC, _ uuid: String?, _ goal: Power, _ finish: @escaping Finish, _ act: @escaping (SimulatedMachine) -> Void
    ) {
        guard let machine = answering(bmc) else { return agenda.after(Self.silence) { [self] in finish(.failure(silent(bmc))) } }
        agenda.after(machine.controller.delay) { [self] in
            guard let machine = answering(bmc) else { return finish(.failure(silent(bmc))) }
            if let error = otherMachine(bmc, machine, uuid) { return finish(.failure(error)) }
            if machine.reading == goal { return finish(.success(goal == .on ? .done : .words("read off"))) }
            if machine.controller.mood == .refuse { return finish(.failure(refused(bmc))) }
            act(machine)
        }
    }

    /// Whether its controller does what it is told.
    private func isObeyed(_ machine: SimulatedMachine, _ power: Power) -> Bool {
        if machine.controller.mood == .deceive { change(machine.name) { $0.controller.pretended = power } }
        return machine.controller.mood == .ok
    }

    /// Polls a controller until it reads what was ordered.
    private func readBack(_ power: Power, _ bmc: BMC, until deadline: Int64, _ finish: @escaping Finish) {
        agenda.after(behind(bmc.address)?.controller.actionTime ?? 500) { [self] in
            guard let machine = answering(bmc) else { return finish(.failure(silent(bmc))) }
            if machine.reading == power {
                if power == .on { showedLife(machine.name) }
                return finish(.success(power == .on ? .done : .words("read back off")))
            }
            guard agenda.elapsed < deadline else {
                let words = power == .on ? "off" : "on"
                return finish(
                    .failure(
                        MusterError(
                            power == .on ? MusterError.Code("still_off") : .stillOn,
                            "the BMC at \(bmc.address) accepted the order and still reads \(words)", hint: "look at the machine")))
            }
            readBack(power, bmc, until: deadline, finish)
        }
    }

    // MARK: Fence agents

    /// Has the outlet of a machine switched off by its agent.
    func fence(_ id: ResourceID, by agent: FenceAgent, _ timeout: Int64, _ finish: @escaping Finish) {
        guard engineHasNetwork, let machine = self[id.rawValue], machine.outlet != .silent else {
            return unreached(id, agent, timeout, finish)
        }
        agenda.after(1_000) { [self] in
            if self[machine.name]?.outlet == .answers {
                story.tell(.power, "outlet off \(machine.name)", resource: machine.name)
                powerOff(machine.name)
            }
            guard self[machine.name]?.isOn == true else { return finish(.success(.words("status off"))) }
            agenda.after(timeout - 1_000) {
                finish(
                    .failure(
                        MusterError(.stillOn, "\(agent.program) took the order and its status still says on", hint: "look at the machine")))
            }
        }
    }

    /// Has it switched on, as a machine is that starts when it gets its power back.
    private func feed(_ id: ResourceID, by agent: FenceAgent, _ timeout: Int64, _ finish: @escaping Finish) {
        guard engineHasNetwork, let machine = self[id.rawValue], machine.outlet != .silent else {
            return unreached(id, agent, timeout, finish)
        }
        agenda.after(1_000) { [self] in
            if self[machine.name]?.outlet == .answers {
                story.tell(.power, "outlet on \(machine.name)", resource: machine.name)
                powerOn(machine.name)
            }
            guard self[machine.name]?.isOn != true else { return finish(.success(.done)) }
            agenda.after(timeout - 1_000) {
                finish(
                    .failure(
                        MusterError(
                            "still_off", "\(agent.program) took the order and its status still says off", hint: "look at the machine")))
            }
        }
    }

    private func unreached(_ id: ResourceID, _ agent: FenceAgent, _ timeout: Int64, _ finish: @escaping Finish) {
        agenda.after(min(Self.silence, timeout)) {
            finish(.failure(MusterError("agent_failed", "\(agent.program) does not reach the outlet of \(id)", hint: "check its network")))
        }
    }

    /// What a controller, a hypervisor or an outlet reads.
    private func read(_ id: ResourceID, _ control: PowerControl, _ finish: @escaping Finish) {
        switch control {
        case .bmc(let bmc): ask(bmc, finish) { machine in .power(machine.reading) }
        case .hypervisor(let guest): read(guest, finish)
        case .agent(let agent):
            guard engineHasNetwork, let machine = self[id.rawValue], machine.outlet != .silent else {
                return unreached(id, agent, Self.silence, finish)
            }
            agenda.after(500) { [self] in finish(.success(.power(self[machine.name]?.isOn == true ? .on : .off))) }
        }
    }

    private func read(hypervisor question: HypervisorQuestion, _ finish: @escaping Finish) {
        guard case .bmc(let bmc) = question.control else { return read(question.hypervisor, question.control, finish) }
        ask(
            bmc,
            { [self] result in
                if case .success = result, let machine = behind(bmc.address), let error = otherMachine(bmc, machine, question.uuid) {
                    return finish(.failure(error))
                }
                finish(result)
            }
        ) { machine in .power(machine.reading) }
    }

    /// Tries a rung without harm.
    private func check(_ question: RungQuestion, _ finish: @escaping Finish) {
        switch question.rung.kind {
        case .bmc:
            guard let bmc = question.bmc else { return finish(.success(.words(""))) }
            ask(
                bmc,
                { [self] result in
                    if case .success = result, let machine = behind(bmc.address), let error = otherMachine(bmc, machine, question.uuid) {
                        return finish(.failure(error))
                    }
                    finish(result)
                }
            ) { machine in .words("reads \(machine.reading)") }
        case .agent:
            let isReached = engineHasNetwork && self[question.resource.rawValue]?.outlet != .silent
            agenda.after(isReached ? 500 : Self.silence) { [self] in
                guard isReached, let machine = self[question.resource.rawValue] else {
                    return finish(
                        .failure(MusterError("agent_failed", "\(question.rung.name) does not reach its outlet", hint: "check its network")))
                }
                finish(.success(.words("status \(machine.isOn ? Power.on : .off)")))
            }
        case .storage:
            agenda.after(20) { [storage] in
                guard let epoch = question.epoch, !storage.isOpen(epoch) else { return finish(.success(.words("the exports answer"))) }
                finish(.failure(MusterError("export_died", "the export of epoch \(epoch) is not alive", hint: "look at its machine")))
            }
        case .hypervisor:
            guard let guest = question.guest else { return finish(.success(.words(""))) }
            read(guest) { result in finish(result.map { _ in .words("\(guest.hypervisor) answers") }) }
        case .lease: finish(.success(.words("")))
        }
    }

    // MARK: Storage

    private func cut(_ epoch: Epoch) {
        if let machine = storage.close(epoch, "is cut") { lookAtRoot(machine) }
    }

    private func openExport(_ request: ExportRequest, _ cutFirst: [Epoch], _ finish: @escaping Finish) {
        agenda.after(200 * Int64(cutFirst.count) + 100) { [self] in
            cutFirst.forEach(cut)
            do { finish(.success(.export(try storage.open(request), cut: cutFirst.map { _ in "cut" }))) } catch {
                finish(.failure(MusterError(unexpected: error)))
            }
        }
    }

    // MARK: Readiness

    private func waitReady(_ server: ServerID, _ epoch: Epoch, until deadline: Int64, _ finish: @escaping Finish) {
        if serves(epoch) { return finish(.success(.done)) }
        guard agenda.elapsed < deadline else {
            return finish(
                .failure(
                    MusterError(.timeout, "\(server) was not ready in time: no machine serves it", hint: "look at the machine's console")))
        }
        agenda.after(1_000) { [self] in waitReady(server, epoch, until: deadline, finish) }
    }
}
