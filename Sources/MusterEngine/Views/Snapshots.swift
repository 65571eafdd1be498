import MusterCore

// Objects as scripts and people see them: plain snapshots.
extension Engine {
    public func state(of resource: Resource) -> ResourceState { world.state(of: resource) }

    func resourceValue(_ resource: Resource) -> Value {
        let claim = world.aliveClaim(on: resource.id)
        var fields: Fields = [
            Value.typeKey: "resource", "name": .string(resource.id.rawValue), "kind": .string(resource.kind.rawValue),
            "state": .string(state(of: resource).rawValue), "power": .string(resource.power.rawValue),
            "liveness": .string(resource.liveness.rawValue), "mode": .string(resource.mode.rawValue),
            "assignment": .string(claim == nil ? "idle" : "claimed"), "memory_mib": .int(resource.memoryMiB),
            "cpus": .int(Int64(resource.cpus)), "tags": .array(resource.tags.map { .string($0) }),
            "macs": .array(resource.macs.map { .string($0.description) }), "incarnation": .int(resource.incarnation),
            "has_bmc": .bool(resource.isSwitched), "declared": .bool(resource.declared),
        ]
        fields["address"] = resource.address.map { .string($0.description) }
        fields["rack"] = (resource.hypervisor.flatMap { world.resources[$0] } ?? resource).rack.map { .string($0) }
        fields["hypervisor"] = resource.hypervisor.map { .string($0.rawValue) }
        let guests = world.guestsInUse(on: resource.id)
        if !guests.isEmpty { fields["guests"] = .array(guests.map { .string($0.rawValue) }) }
        fields["server"] = claim.map { .string($0.server.rawValue) }
        fields["boot_id"] = resource.bootID.map { .string($0) }
        fields["uuid"] = resource.uuid.map { .string($0) }
        fields["reserved_by"] = world.index.holders[resource.id].map { .int($0.rawValue) }
        fields["load"] = loadPerCPU(of: resource).map { .double($0) }
        fields["memory_used_mib"] = load(of: resource)?.memoryUsedMiB.map { .int($0) }
        fields["watts"] = resource.watts.map { .int($0) }
        fields["watts_idle"] = wattsWaiting(resource).map { .int($0) }
        fields["watts_now"] = draw(of: resource.id).map { .int($0) }
        fields["maintenance_until"] = resource.maintenanceUntil.map { .int($0.milliseconds) }
        if resource.unproven == true { fields["unproven"] = true }
        if resource.isFlapping == true { fields["flapping"] = true }
        fields["fence_ready"] = resource.fenceCheck.map { .bool($0.isReady) }
        if let fault = resource.bmcFault { fields["bmc_fault"] = .string(fault.message) }
        return .object(fields)
    }

    func serverValue(_ server: Server) -> Value {
        let claim = world.aliveClaim(of: server.id)
        var fields: Fields = [
            Value.typeKey: "server", "name": .string(server.id.rawValue), "image": .string(server.image.rawValue),
            "state": .string(state(of: server).rawValue), "target": .string(server.target.rawValue),
            "priority": .int(Int64(server.priority)), "memory_mib": .int(server.memoryMiB),
            "cpus": .int(Int64(server.cpus)), "tags": .array(server.tags.map { .string($0) }),
        ]
        fields["address"] = server.address.map { .string($0.address.description) }
        fields["pool"] = server.pool.map { .string($0) }
        fields["resource"] = claim.map { .string($0.resource.rawValue) }
        fields["epoch"] = claim.map { .int($0.epoch.rawValue) }
        if let blocked = server.blocked {
            fields["blocked"] = [
                "reason": .string(blocked.reason), "remedy": .string(blocked.remedy), "since": .int(blocked.since.milliseconds),
            ]
        }
        return .object(fields)
    }

    /// Servers by priority, highest first: of a pool, without a machine that they should have, or all. Only those are looked at.
    func serverList(pool: String?, isLooking: Bool) -> Value {
        let looking = isLooking ? world.seekers.ordered.map(\.id).filter { world.aliveClaim(of: $0) == nil } : nil
        let members = pool.map { world.pools[$0] ?? [] }
        let names = looking.map { names in members.map { members in names.filter(members.contains) } ?? names } ?? members.map(Array.init)
        let servers = names.map { $0.compactMap { world.servers[$0] } } ?? Array(world.servers.values)
        return .array(servers.sorted { ($1.priority, $0.id) < ($0.priority, $1.id) }.map(serverValue))
    }

    func imageValue(_ image: Image) -> Value {
        let claim = world.aliveClaim(of: image.id)
        var fields: Fields = [
            Value.typeKey: "image", "name": .string(image.id.rawValue), "path": .string(image.path),
            "format": .string(image.format.rawValue),
        ]
        fields["server"] = claim.map { .string($0.server.rawValue) }
        return .object(fields)
    }

    func claimValue(_ claim: Claim) -> Value {
        [
            Value.typeKey: "claim", "epoch": .int(claim.epoch.rawValue), "server": .string(claim.server.rawValue),
            "image": .string(claim.image.rawValue),
            "resource": world.resources[claim.resource].map(resourceValue) ?? .string(claim.resource.rawValue),
        ]
    }

    /// What a machine would be told at its next boot, without telling it.
    func bootValue(_ resource: Resource) -> Value {
        let claim = world.aliveClaim(on: resource.id)
        var fields: Fields = ["plan": claim == nil ? "discover" : "image"]
        fields["server"] = claim.map { .string($0.server.rawValue) }
        return .object(fields)
    }

    public func eventValue(_ event: Event) -> Value {
        var fields: Fields = [
            Value.typeKey: "event", "id": .int(event.id.rawValue), "name": .string(event.name), "at": .int(event.at.milliseconds),
            "data": .object(event.data),
        ]
        if let resource = event.resource.flatMap({ world.resources[$0] }), var snapshot = resourceValue(resource).object {
            // Whatever the machine is now, the event speaks of what it was: an order that follows from it may be stale.
            snapshot["incarnation"] = event.incarnation.map { .int($0) }
            fields["resource"] = .object(snapshot)
        }
        fields["server"] = event.server.flatMap { world.servers[$0] }.map(serverValue)
        return .object(fields)
    }

    /// What `muster status` shows.
    public func statusValue(now: Now) -> Value {
        let general = world.general
        return [
            "armed": .bool(general.armed),
            "disarmed_until": general.disarmedUntil.map { .int($0.milliseconds) } ?? .null,
            "energy": energyValue(now: now),
            "quiet": .bool(quietUntil.map { now.monotonic < $0 } ?? true),
            "network_up": .bool(networkUp),
            "store_short": .bool(isStoreShort),
            "restored": general.restored.map { ["backup": .int($0.backup.milliseconds), "at": .int($0.at.milliseconds)] } ?? .null,
            "resources": .array(world.resources.values.sorted { $0.id < $1.id }.map(resourceValue)),
            "servers": .array(world.servers.values.sorted { $0.id < $1.id }.map(serverValue)),
            "fence_unready": .array(
                world.resourceOrder.filter { world.resources[$0]?.fenceCheck?.isReady == false }.map { .string($0.rawValue) }),
            "runs": .int(Int64(world.runs.count)),
            "hooks": .array(
                world.hooks.values.filter(\.active).sorted { $0.id < $1.id }.map { .string($0.id.rawValue) }),
            "last_event": .int(general.lastEvent.rawValue), "last_epoch": .int(general.lastEpoch.rawValue),
            "claims": .array(
                world.claims.values.filter(\.isAlive).sorted { $0.epoch < $1.epoch }.map {
                    [
                        "epoch": .int($0.epoch.rawValue), "server": .string($0.server.rawValue),
                        "resource": .string($0.resource.rawValue), "exported": .bool($0.export != nil),
                    ]
                }),
        ]
    }

    public var resourceValues: Value { .array(world.resources.values.sorted { $0.id < $1.id }.map(resourceValue)) }
    public var serverValues: Value { .array(world.servers.values.sorted { $0.id < $1.id }.map(serverValue)) }
    public var imageValues: Value { .array(world.images.values.sorted { $0.id < $1.id }.map(imageValue)) }
}
