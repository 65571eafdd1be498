import MusterCore
import MusterEngine

extension Simulation {
    /// Does what a command says, now. Errors: `not_found` for a machine or server that is not there, `bad_argument`.
    public func perform(_ command: Command) throws {
        story.tell(.command, command.description)
        switch command {
        case .power(let name, let toggle):
            try known(name)
            // Started by hand, a guest is one that its hypervisor knows, and sees the end of.
            if toggle == .on { machines.change(name) { $0.isDefined = true } }
            if toggle == .on { machines.powerOn(name) } else { machines.powerOff(name) }
        case .mains(let name, let toggle):
            try known(name)
            if toggle == .off { machines.powerOff(name) }
            machines.change(name) { $0.hasMains = toggle == .on }
            machines.powerChanged(name)
        case .crash(let name): machines.freeze(try known(name))
        case .thaw(let name): machines.thaw(try known(name))
        case .shutdown(let name): machines.shutDown(try known(name))
        case .reboot(let name): machines.reboot(try known(name))
        case .heartbeat(let name, let toggle):
            machines.change(try known(name)) { $0.hasAgent = toggle == .on }
            machines.reached(name)
        case .network(let name, let toggle):
            machines.change(try known(name)) { $0.hasNetwork = toggle == .on }
            ([name] + machines.guests(of: name)).forEach(machines.reached)
            machines.hostingChanged(name)
        case .storage(let name, let toggle):
            machines.change(try known(name)) { $0.hasStorage = toggle == .on }
            ([name] + machines.guests(of: name)).forEach(machines.lookAtRoot)
        case .load(let name, let load): machines.load(try known(name), load)
        case .newcomer(let name):
            guard let mac = Command.mac(ofNewcomer: name) else { return }
            machines.add(Resource(id: ResourceID(name), macs: [mac], memoryMiB: 4096, cpus: 2, declared: false))
        case .guest(let name, let hypervisor): machines.move(try known(name), onto: try known(hypervisor))
        case .hypervisor(let name, let mood):
            machines.change(try known(name)) { $0.hosting = mood }
            machines.hostingChanged(name)
        case .bmc(let name, let mood): try controller(of: name) { $0.mood = mood }
        case .bmcNetwork(let name, let toggle): try controller(of: name) { $0.hasNetwork = toggle == .on }
        case .bmcDelay(let name, let delay): try controller(of: name) { $0.delay = delay }
        case .bmcDraws(let name, let watts): try controller(of: name) { $0.draws = watts == 0 ? nil : watts }
        case .bmcMiswired(let name, let other):
            machines.wired[ResourceID(try known(name))] = try known(other)
            machines.pollSoon(ResourceID(name))
        case .agent(let name, let outlet): machines.change(try known(name)) { $0.outlet = outlet }
        case .watchdog(let name, let watchdog): machines.change(try known(name)) { $0.watchdog = watchdog }
        default: try operate(command)
        }
    }

    private func controller(of name: String, _ body: (inout SimulatedController) -> Void) throws {
        machines.change(try known(name)) { body(&$0.controller) }
        machines.powerChanged(name)
    }

    private func operate(_ command: Command) throws {
        switch command {
        case .serverTarget(let name, let target):
            order(target == .running ? "server.start" : "server.stop") { engine, now in
                try engine.setTarget(target, of: ServerID(name), now: now)
            }
        case .serverMove(let name, let target):
            try target.map { _ = try known($0) }
            order("server.move") { engine, now in try engine.move(ServerID(name), to: target.map { ResourceID($0) }, now: now) }
        case .serverAdd(let name, let pairs): try add(server: name, pairs)
        case .serverRemove(let name): try apply { $0.servers.removeAll { $0.object.id.rawValue == name } }
        case .maintenance(let name, let toggle, let length):
            order("maintenance") { engine, now in
                let end = try length.map { try engine.end(after: $0, now: now) }
                try engine.setMode(toggle == .on ? .maintenance : .active, of: ResourceID(name), until: end, now: now)
            }
        case .fence(let name):
            order("fence") { engine, now in try engine.fence(ResourceID(name), operatorName: Self.operatorName, now: now) }
        case .confirmOff(let name):
            order("fence") { engine, now in _ = try engine.confirmOff(ResourceID(name), operatorName: Self.operatorName, now: now) }
        case .arm(let toggle, let length):
            order(toggle == .on ? "arm" : "disarm") { engine, now in
                let end = try length.map { try engine.end(after: $0, now: now) }
                engine.arm(toggle == .on, until: end, operatorName: Self.operatorName, now: now)
            }
        case .emit(let name, let pairs):
            order("event.emit") { engine, now in _ = try engine.emitUser(name, Fields(pairs), key: nil, now: now) }
        default: try disturb(command)
        }
    }

    private func disturb(_ command: Command) throws {
        switch command {
        case .engineCrash(let pause):
            crashEngine()
            agenda.after(pause) { [self] in startEngine() }
        case .engineStop: crashEngine()
        case .engineStart: startEngine()
        case .engineNetwork(let toggle):
            machines.engineHasNetwork = toggle == .on
            machines.reachedAll()
            // It sees its link within two seconds, as its housekeeping looks.
            agenda.after(2_000) { [self] in
                guard machines.engineHasNetwork == (toggle == .on) else { return }
                engine.turn { engine, now in engine.network(isUp: toggle == .on, now: now) }
            }
        case .engineSplit(let toggle):
            machines.engineHasNetwork = toggle == .off
            machines.reachedAll()
        case .engineStall(let length): engine.stall(length)
        case .diskFull(let toggle):
            engine.store.run(short: toggle == .on)
            // Its loop asks the store at each turn.
            engine.turn { _, _ in }
        case .exportDie(let name): try die(exportOf: name)
        default: break
        }
    }

    private func crashEngine() {
        guard engine.isRunning else { return }
        engine.crash()
        machines.engineDied()
        story.tell(.engine, "the engine is dead")
    }

    private func startEngine() {
        guard !engine.isRunning else { return }
        story.tell(.engine, "the engine starts")
        do { try start() } catch { story.tell(.engine, "\(error)") }
        tellDeadExports()
    }

    @discardableResult
    private func known(_ name: String) throws -> String {
        guard machines[name] != nil else {
            let near = Spelling.nearest(name, machines.names).map { "did you mean \($0)?" }
            throw MusterError(
                .notFound, "there is no machine \"\(name)\"", hint: near ?? "the fleet has " + machines.names.joined(separator: ", "))
        }
        return name
    }

    private func add(server name: String, _ pairs: [String: String]) throws {
        var server = Server(id: ServerID(name), image: ImageID(pairs["image"] ?? name))
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
            let number = Int64(value)
            switch key {
            case "image": break
            case "pool": server.pool = value
            case "memory": server.memoryMiB = try number ?? wrong(key, value)
            case "cpus": server.cpus = Int(try number ?? wrong(key, value))
            case "priority": server.priority = Int(try number ?? wrong(key, value))
            case "address":
                guard let address = IPv4Network(value) else { return try wrong(key, value) }
                server.address = address
            default: throw MusterError(.badArgument, "a server has no \"\(key)\"", hint: "image, memory, cpus, priority, address, pool")
            }
        }
        server.ready = ReadinessCheck(tcp: "\(name):80")
        try apply { fleet in
            if !fleet.images.contains(where: { $0.object.id == server.image }) {
                fleet.images.append(Declared(Image(id: server.image, path: "/dev/null"), place: "script"))
            }
            fleet.servers.removeAll { $0.object.id == server.id }
            fleet.servers.append(Declared(server, place: "script"))
        }
    }

    private func wrong<Answer>(_ key: String, _ value: String) throws -> Answer {
        throw MusterError(.badArgument, "\(key)=\(value) is not understood", hint: "\(key)=NUMBER")
    }

    // MARK: Exports

    /// The export process of a server ends by itself: its machine loses its root, and the engine sees it when it looks.
    private func die(exportOf name: String) throws {
        guard let epoch = machines.storage.openEpochs.last(where: { engine.engine.world.claims[$0]?.server.rawValue == name }) else {
            throw MusterError(.notFound, "the image of \"\(name)\" has no export now", hint: "it has one while the server has a claim")
        }
        if let machine = machines.storage.close(epoch, "has died") { machines.lookAtRoot(machine) }
        agenda.after(2_000) { [self] in tellDeadExports() }
    }

    /// As the engine's housekeeping does: claims whose export is there no more.
    private func tellDeadExports() {
        let open = Set(machines.storage.openEpochs)
        let world = engine.engine.world
        for epoch in world.claims.keys.sorted() where !open.contains(epoch) {
            guard let claim = world.claims[epoch], claim.isAlive, claim.export != nil, claim.exportDied != true else { continue }
            engine.turn { engine, now in engine.exportDied(epoch, now: now) }
        }
    }
}
