import MusterCore

/// One difference between the declared fleet and the running one.
public struct FleetDifference: Codable, Sendable, Hashable {
    public enum Verb: String, Codable, Sendable { case add, change, remove }
    public var verb: Verb
    /// `host`, `vm`, `image`, `server`, `settings`, `policy` or `boot_network`.
    public var noun: String
    public var name: String
    /// What changes, `field: old → new`.
    public var details: [String]
}

// A fleet is declared; `plan` shows the difference, `apply` makes it so.
extension Engine {
    /// What `apply` would do.
    public func plan(_ fleet: FleetDeclaration) -> [FleetDifference] {
        var differences: [FleetDifference] = []
        let (settings, known) = (fleet.settings.withoutBlocks, world.general.settings.withoutBlocks)
        if settings != known { differences.append(difference(.change, "settings", "", known, settings)) }
        differences += blockDifferences(world.general.settings.blocks ?? [:], fleet.settings.blocks ?? [:])
        if fleet.bootNetwork != world.general.bootNetwork {
            differences.append(difference(.change, "boot_network", "", world.general.bootNetwork, fleet.bootNetwork))
        }
        for kind in [Resource.Kind.host, .vm] {
            let (declared, running) = (
                fleet.resources.map(\.object).filter { $0.kind == kind }, world.resources.values.filter { $0.declared && $0.kind == kind }
            )
            differences += compare(kind.rawValue, declared, running, id: \.id.rawValue) { declaredPart($0) }
        }
        differences += compare("image", fleet.images.map(\.object), Array(world.images.values), id: \.id.rawValue) { $0 }
        differences += compare("server", fleet.servers.map(\.object), Array(world.servers.values), id: \.id.rawValue) { declaredPart($0) }
        return differences
    }

    /// What is said to policies.
    private func blockDifferences(_ old: Fields, _ new: Fields) -> [FleetDifference] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            switch (old[name], new[name]) {
            case (nil, _?): FleetDifference(verb: .add, noun: "policy", name: name, details: [])
            case (_?, nil): FleetDifference(verb: .remove, noun: "policy", name: name, details: [])
            case (let old, let new): old == new ? nil : difference(.change, "policy", name, old, new)
            }
        }
    }

    /// Makes the declared fleet so. Refused as a whole when it would take away what a living claim stands on (`claim_alive`).
    public mutating func apply(_ fleet: FleetDeclaration, now: Now) throws -> [FleetDifference] {
        let differences = plan(fleet)
        try refuseUnderClaims(fleet)
        if fleet.settings != world.general.settings || fleet.bootNetwork != world.general.bootNetwork {
            world.update {
                $0.settings = fleet.settings
                $0.bootNetwork = fleet.bootNetwork
            }
        }
        for item in fleet.images where world.images[item.object.id] != item.object { world.put(item.object) }
        for item in fleet.resources { world.put(adopted(item.object, now: now)) }
        var wanted: [ServerID] = []
        for item in fleet.servers {
            if item.object.target == .running, world.servers[item.object.id] == nil { wanted.append(item.object.id) }
            if let known = world.servers[item.object.id], known.needs != item.object.needs { chances[known.id] = nil }
            world.put(kept(item.object))
        }
        removeUndeclared(fleet)
        if !differences.isEmpty {
            emit("fleet.applied", data: ["file": .string(fleet.file), "differences": .int(Int64(differences.count))], now: now)
        }
        for id in wanted { emit("server.wanted", server: id, data: ["why": "it was declared running"], now: now) }
        startFailovers(now: now)
        needsReview = true
        review(now: now)
        return differences
    }

    private func refuseUnderClaims(_ fleet: FleetDeclaration) throws {
        try refuseOtherCards(fleet)
        try refuseOtherHypervisors(fleet)
        for claim in world.claims.values.sorted(by: { $0.epoch < $1.epoch }) where claim.isAlive || !claim.exportCut {
            let image = fleet.images.first { $0.object.id == claim.image }
            if image?.object != world.images[claim.image] {
                throw claimed("image \(claim.image)", claim, image?.place ?? fleet.file)
            }
            guard claim.isAlive else { continue }
            if !fleet.resources.contains(where: { $0.object.id == claim.resource }), world.resources[claim.resource]?.declared == true {
                throw claimed("machine \(claim.resource)", claim, fleet.file)
            }
            let server = fleet.servers.first { $0.object.id == claim.server }
            if server?.object.image != claim.image { throw claimed("server \(claim.server)", claim, server?.place ?? fleet.file) }
        }
    }

    /// A machine that runs a server is known by its cards: they stay, and stay its own.
    private func refuseOtherCards(_ fleet: FleetDeclaration) throws {
        for item in fleet.resources {
            for mac in item.object.macs {
                guard let found = world.resource(mac: mac), found.id != item.object.id, let claim = world.aliveClaim(on: found.id) else {
                    continue
                }
                throw claimed("machine \(found.id), whose card \(mac) \(item.object.id) takes,", claim, item.place)
            }
            guard let known = world.resources[item.object.id], let claim = world.aliveClaim(on: known.id),
                !Set(item.object.macs).isSuperset(of: known.macs)
            else { continue }
            throw claimed("the MAC of \(known.id)", claim, item.place)
        }
    }

    private func claimed(_ what: String, _ claim: Claim, _ place: String) -> MusterError {
        MusterError(
            .claimAlive, "\(what) cannot be changed or removed while \(claim.server) runs on \(claim.resource) (epoch \(claim.epoch))",
            hint: "muster server stop \(claim.server) first", place: place, subject: claim.server.rawValue)
    }

    /// A declared machine with what is known of it already; one that was found by its MAC is adopted under its declared name.
    private mutating func adopted(_ declared: Resource, now: Now) -> Resource {
        let found = declared.macs.compactMap { world.resource(mac: $0) }.first
        guard var known = world.resources[declared.id] ?? found else {
            var new = declared
            // It may have been declared, and have got something to run, after the backup that this state came from.
            if world.general.restored != nil { new.unproven = true }
            return new
        }
        // A card that booted by itself before it was declared as this machine's.
        for mac in declared.macs {
            if let other = world.resource(mac: mac), other.id != known.id, !other.declared { world.remove(other.id) }
        }
        if known.id != declared.id {
            let heard = heard(known.id, at: now.monotonic)
            world.remove(known.id)
            trackers[declared.id] = trackers.removeValue(forKey: known.id)
            if let heard { trackers[declared.id, default: Tracker()].heard = heard }
            var renamed = declared
            renamed.power = known.power
            renamed.asleepSince = known.asleepSince
            renamed.measuredWatts = known.measuredWatts
            renamed.liveness = known.liveness
            renamed.boot = known.boot
            renamed.bootID = known.bootID
            renamed.uuid = known.uuid
            renamed.unproven = known.unproven
            renamed.incarnation = known.incarnation + 1
            return renamed.hypervisor == nil ? renamed : unread(renamed)
        }
        if (known.watts, known.wattsIdle) != (declared.watts, declared.wattsIdle) { settleSleep(&known, now: now) }
        (known.watts, known.wattsIdle) = (declared.watts, declared.wattsIdle)
        let guid = known.bmc?.guid
        known.macs = declared.macs
        known.address = declared.address
        if (known.memoryMiB, known.cpus) != (declared.memoryMiB, declared.cpus) || known.tags != declared.tags { giveNewChances(known.id) }
        known.memoryMiB = declared.memoryMiB
        known.cpus = declared.cpus
        known.tags = declared.tags
        known.rack = declared.rack
        if known.hypervisor != declared.hypervisor {
            (known.kind, known.hypervisor) = (declared.kind, declared.hypervisor)
            known = unread(known)
        }
        if known.fence != declared.fence { known.fenceCheck = nil }
        known.fence = declared.fence
        known.watchdog = declared.watchdog
        known.declared = true
        let isSameController = declaredPart(known).bmc == declared.bmc
        known.bmc = declared.bmc
        if isSameController { known.bmc?.guid = guid }
        return known
    }

    private func kept(_ declared: Server) -> Server {
        guard let known = world.servers[declared.id] else { return declared }
        var server = declared
        server.target = known.target
        server.readyEpoch = known.readyEpoch
        server.wantedAgain = known.wantedAgain
        server.isExtra = known.isExtra
        server.blocked = known.blocked
        server.lastError = known.lastError
        return server
    }

    private mutating func removeUndeclared(_ fleet: FleetDeclaration) {
        let resources = Set(fleet.resources.map(\.object.id))
        for resource in world.resources.values where resource.declared && !resources.contains(resource.id) { world.remove(resource.id) }
        let servers = Set(fleet.servers.map(\.object.id))
        for id in world.servers.keys where !servers.contains(id) { world.remove(id) }
        let images = Set(fleet.images.map(\.object.id))
        for id in world.images.keys where !images.contains(id) { world.remove(id) }
    }

    /// The declared fields alone, so that what was learned is no difference.
    private func declaredPart(_ resource: Resource) -> Resource {
        var part = Resource(
            id: resource.id, kind: resource.kind, macs: resource.macs, address: resource.address,
            memoryMiB: resource.memoryMiB, cpus: resource.cpus, tags: resource.tags, bmc: resource.bmc, fence: resource.fence)
        (part.watts, part.wattsIdle) = (resource.watts, resource.wattsIdle)
        part.watchdog = resource.watchdog
        part.bmc?.guid = nil
        part.rack = resource.rack
        part.hypervisor = resource.hypervisor
        return part
    }

    private func declaredPart(_ server: Server) -> Server {
        var part = Server(
            id: server.id, image: server.image, memoryMiB: server.memoryMiB, cpus: server.cpus, tags: server.tags,
            priority: server.priority, address: server.address, ready: server.ready, pool: server.pool)
        (part.prefer, part.avoid, part.affinity, part.antiAffinity) = (server.prefer, server.avoid, server.affinity, server.antiAffinity)
        return part
    }

    private func compare<Object: Codable & Hashable>(
        _ noun: String, _ declared: [Object], _ running: [Object], id: (Object) -> String, part: (Object) -> Object
    ) -> [FleetDifference] {
        let old = Dictionary(running.map { (id($0), part($0)) }, uniquingKeysWith: { $1 })
        let new = Dictionary(declared.map { (id($0), part($0)) }, uniquingKeysWith: { $1 })
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            switch (old[name], new[name]) {
            case (nil, let new?): difference(.add, noun, name, Object?.none, new)
            case (_?, nil): FleetDifference(verb: .remove, noun: noun, name: name, details: [])
            case (let old?, let new?): old == new ? nil : difference(.change, noun, name, old, new)
            case (nil, nil): nil
            }
        }
    }

    private func difference<Object: Encodable>(
        _ verb: FleetDifference.Verb, _ noun: String, _ name: String, _ old: Object?, _ new: Object?
    ) -> FleetDifference {
        guard verb == .change else { return FleetDifference(verb: verb, noun: noun, name: name, details: []) }
        let before = (old.flatMap { try? Value(encoding: $0) })?.object ?? [:]
        let after = (new.flatMap { try? Value(encoding: $0) })?.object ?? [:]
        let details = Set(before.keys).union(after.keys).sorted().compactMap { key -> String? in
            let (left, right) = (before[key] ?? .null, after[key] ?? .null)
            return left == right ? nil : "\(key): \(left.json) → \(right.json)"
        }
        return FleetDifference(verb: verb, noun: noun, name: name, details: details)
    }
}

extension Settings {
    fileprivate var withoutBlocks: Settings {
        var settings = self
        settings.blocks = nil
        return settings
    }
}
