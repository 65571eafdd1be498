import MusterCore

/// Every call that a script can make, by name.
public enum Effects {
    /// The names, sorted. `limit` is the engine's own: it records that a branch came to the end of its time or memory.
    public static let names: [String] = catalog.keys.filter { $0 != "limit" }.sorted()

    static let catalog: [String: Effect] = Dictionary(
        uniqueKeysWithValues: queries + resourceOrders + serverOrders + waitCalls + notes + memories + measures + outsideOrders
            + placementCalls)

    /// What a hook file must declare to make a call; nil when nothing.
    public static func needs(_ name: String) -> Capability? { catalog[name]?.needs }

    /// What happens to a call's step that was intended when the engine died: `repeat`, `verify` or `ask`; nil for one that is never in doubt.
    public static func inDoubtRule(of name: String) -> String? {
        guard let effect = catalog[name] else { return nil }
        switch effect.kind {
        case .query, .change: return nil
        case .operation, .work, .wait: return effect.inDoubt.rawValue
        }
    }

    /// Calls that end by time, event or answer: a run that has no others open needs no memory of its script.
    public static let waits: Set<String> = ["sleep", "wait_for", "ask", "reserve"]

    /// Calls that switch the machine of their first argument.
    static let powerOrders: Set<String> = ["resource.fence", "resource.power_off", "resource.power_on"]

    private static let queries: [(String, Effect)] = [
        (
            "resources.get",
            .query { engine, call in
                engine.world.resources[ResourceID(try call.text(0, "a name"))].map(engine.resourceValue) ?? .null
            }
        ),
        (
            "resources.list",
            .query { engine, _ in
                .array(engine.world.resources.values.sorted { $0.id < $1.id }.map(engine.resourceValue))
            }
        ),
        (
            "servers.get",
            .query { engine, call in
                engine.world.servers[ServerID(try call.text(0, "a name"))].map(engine.serverValue) ?? .null
            }
        ),
        (
            "servers.list",
            .query { engine, call in
                engine.serverList(pool: call.argument(0)["pool"].string, isLooking: call.argument(0)["looking"].bool == true)
            }
        ),
        (
            "images.get",
            .query { engine, call in
                engine.world.images[ImageID(try call.text(0, "a name"))].map(engine.imageValue) ?? .null
            }
        ),
        (
            "images.list",
            .query { engine, _ in
                .array(engine.world.images.values.sorted { $0.id < $1.id }.map(engine.imageValue))
            }
        ),
        (
            "resource.servers",
            .query { engine, call in
                let id = try engine.resource(call).id
                let servers = engine.world.aliveClaim(on: id).flatMap { engine.world.servers[$0.server] }
                return .array(servers.map { [engine.serverValue($0)] } ?? [])
            }
        ),
        ("resource.refresh", .query { engine, call in engine.resourceValue(try engine.resource(call)) }),
        ("server.refresh", .query { engine, call in engine.serverValue(try engine.server(call)) }),
        ("boot.plan", .query { engine, call in engine.bootValue(try engine.resource(call)) }),
        ("now", .query { _, call in .int(call.now.wall.milliseconds / 1000) }),
    ]

    private static let resourceOrders: [(String, Effect)] = [
        (
            "resource.fence",
            .work(.verify, needs: .power) { engine, call, owner in
                let resource = try engine.resourceForOrder(call)
                guard engine.world.general.armed else {
                    throw MusterError(
                        .disarmed, "failovers are disarmed: \(resource.id) is not fenced", hint: "muster arm", subject: resource.id.rawValue
                    )
                }
                try engine.startLadder(resource, for: owner, now: call.now)
            }
        ),
        (
            "resource.check_fence",
            .work(.repeat) { engine, call, owner in
                engine.checkFence(try engine.resource(call).id, for: owner, now: call.now)
            }
        ),
        (
            "resource.power_off",
            .operation(.verify, needs: .power) { engine, call in
                let resource = try engine.resourceForOrder(call)
                try engine.checkReserved(resource.id, for: call.run.id)
                try engine.refuseToEndGuests(of: resource)
                return try engine.powerOffOperation(resource, now: call.now)
            }
        ),
        (
            "resource.power_on",
            .operation(.verify, needs: .power) { engine, call in
                var resource = try engine.resourceToPowerOn(call)
                try engine.checkReserved(resource.id, for: call.run.id)
                try engine.refuseToStartTwice(resource)
                let control = try engine.controlForOrder(resource, now: call.now)
                let timeout = try call.milliseconds(call.options["timeout"], default: 60_000)
                // Whoever orders it on takes the evidence that it is off out of the world first.
                engine.signOfLife(of: resource.id, "an order to power on", now: call.now)
                resource = engine.world.resources[resource.id] ?? resource
                resource.failure = nil
                if resource.liveness != .alive { resource.startingSince = call.now.wall }
                engine.world.put(resource)
                return .powerOn(resource.id, control, uuid: resource.uuid, timeout: timeout)
            }
        ),
        (
            "resource.shut_down",
            .operation(.verify, needs: .power) { engine, call in
                let resource = try engine.resourceForOrder(call)
                try engine.checkReserved(resource.id, for: call.run.id)
                try engine.refuseToEndGuests(of: resource)
                let control = try engine.controlForOrder(resource, now: call.now)
                if case .agent(let agent) = control {
                    throw MusterError(
                        .noBMC, "\(resource.id) is switched by \(agent.program), which cannot ask its system to shut down",
                        hint: "switch it off with power_off()", subject: resource.id.rawValue)
                }
                return .softOff(resource.id, control)
            }
        ),
        (
            "resource.set_mode",
            .change(needs: .servers) { engine, call in
                let resource = try engine.resource(call)
                guard let mode = Mode(rawValue: try call.text(1, "a mode")) else {
                    throw MusterError(.badArgument, "\(call.argument(1).json) is no mode", hint: "\"maintenance\" or \"active\"")
                }
                let length = call.argument(2)["duration"]
                let end = length.isNull ? nil : try engine.end(after: EffectCall.milliseconds(length, of: call.step.name), now: call.now)
                try engine.setMode(mode, of: resource.id, until: end, now: call.now)
                return engine.world.resources[resource.id].map(engine.resourceValue) ?? .null
            }
        ),
        (
            "resource.read_power",
            .operation(.repeat) { engine, call in
                let resource = try engine.resource(call)
                guard let control = engine.control(of: resource) else { throw engine.noBMC(resource.id) }
                return .readPower(resource.id, control, asked: call.now.monotonic)
            }
        ),
        (
            "resource.set_boot_device",
            .operation(.repeat, needs: .power) { engine, call in
                let resource = try engine.resource(call)
                guard let bmc = resource.bmc else {
                    guard resource.hypervisor != nil else { throw engine.noBMC(resource.id) }
                    throw MusterError(
                        .wrongState, "\(resource.id) is a virtual machine: it boots from the network", subject: resource.id.rawValue)
                }
                guard let device = BootDevice(rawValue: try call.text(1, "a boot device")) else {
                    throw MusterError(
                        .badArgument, "\(call.argument(1).json) is no boot device",
                        hint: "one of " + BootDevice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
                }
                return .setBootDevice(resource.id, bmc, device)
            }
        ),
    ]

    private static let serverOrders: [(String, Effect)] = [
        (
            "server.claim",
            .operation(.repeat, needs: .storage) { engine, call in
                let server = try engine.server(call)
                let resource = try engine.resource(call, 1)
                try engine.checkReserved(resource.id, for: call.run.id)
                let maker = "\(call.run.id)/\(call.step.address)"
                if let made = engine.world.aliveClaim(of: server.id), made.madeBy == maker {
                    return try engine.exportOperation(for: made)
                }
                guard engine.world.general.bootNetwork != nil else {
                    throw MusterError(.wrongState, "no boot network is declared", hint: "add boot_network { … } to fleet.lua")
                }
                let claim = try engine.claim(server, on: resource, madeBy: maker, now: call.now)
                return try engine.exportOperation(for: claim)
            }
        ),
        (
            "server.release",
            .operation(.repeat, needs: .storage) { engine, call in
                let server = try engine.server(call)
                if let claim = engine.world.aliveClaim(of: server.id) {
                    try engine.end(claim, now: call.now)
                    if claim.exportCut { return nil }
                    return try engine.cutOperation(claim)
                }
                guard let left = engine.world.leftovers(of: server.image).last(where: { $0.server == server.id && !$0.isAlive }) else {
                    // In doubt, and nothing is left: it happened.
                    if call.isInDoubt { return nil }
                    throw MusterError(.wrongState, "\(server.id) has no claim to release", subject: server.id.rawValue)
                }
                return try engine.cutOperation(left)
            }
        ),
        (
            "server.wait_ready",
            .operation(.repeat) { engine, call in
                let server = try engine.server(call)
                guard let claim = engine.world.aliveClaim(of: server.id) else {
                    throw MusterError(.wrongState, "\(server.id) has no claim, so it cannot become ready", subject: server.id.rawValue)
                }
                let check = server.ready ?? ReadinessCheck()
                let timeout = try call.milliseconds(call.options["timeout"], default: check.timeoutMilliseconds)
                return .waitReady(server.id, claim.epoch, check, timeout: timeout)
            }
        ),
        (
            "server.start",
            .change(needs: .servers) { engine, call in
                try engine.setTarget(
                    .running, of: try engine.server(call).id, why: call.isOperators ? nil : "run \(call.run.id) asked for it", now: call.now
                )
                return .null
            }
        ),
        (
            "server.move",
            .change(needs: .servers) { engine, call in
                let target = call.argument(1)
                let name = target.isNull ? nil : target.string ?? target["name"].string
                try engine.move(try engine.server(call).id, to: name.map { ResourceID($0) }, now: call.now)
                return .null
            }
        ),
        (
            "server.stop",
            .change(needs: .servers) { engine, call in
                try engine.setTarget(
                    .stopped, of: try engine.server(call).id, why: call.isOperators ? nil : "run \(call.run.id) asked for it", now: call.now
                )
                return .null
            }
        ),
    ]
}
