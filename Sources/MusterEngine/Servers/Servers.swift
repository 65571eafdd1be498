import MusterCore

// Servers: their target, their state, and that none is forgotten (design, rule 5).
extension Engine {
    /// Sets whether a server should run; whoever reacts to the event brings it about.
    public mutating func setTarget(_ target: Server.Target, of id: ServerID, why: String? = nil, now: Now) throws {
        guard var server = world.servers[id] else {
            throw MusterError(.notFound, "there is no server \"\(id)\"", hint: "muster servers lists them", subject: id.rawValue)
        }
        server.target = target
        server.isExtra = target == .running && why != nil ? true : nil
        server.lastError = nil
        chances[id] = nil
        world.put(server)
        emit(
            target == .running ? "server.wanted" : "server.unwanted", server: id, data: ["why": .string(why ?? "its target was set")],
            now: now)
        review(now: now)
    }

    /// Asks for a running server to be moved, to a machine or to whichever suits it best; whoever reacts to the event brings it about.
    /// Errors: `not_found`, `wrong_state` for a server that should not run, or that is there already.
    public mutating func move(_ id: ServerID, to target: ResourceID?, now: Now) throws {
        guard let server = world.servers[id] else {
            throw MusterError(.notFound, "there is no server \"\(id)\"", hint: "muster servers lists them", subject: id.rawValue)
        }
        if let target, world.resources[target] == nil { throw unknownResource(target.rawValue) }
        guard server.target == .running else {
            throw MusterError(
                .wrongState, "\(id) should not run, so there is nothing to move", hint: "muster server start \(id)", subject: id.rawValue)
        }
        let claim = world.aliveClaim(of: id)
        if let claim, claim.resource == target {
            throw MusterError(.wrongState, "\(id) is on \(claim.resource) already", hint: "muster servers", subject: id.rawValue)
        }
        emit("server.move", resource: claim?.resource, server: id, data: ["to": target.map { .string($0.rawValue) } ?? .null], now: now)
        review(now: now)
    }

    mutating func becameReady(
        _ id: ServerID, epoch: Epoch, _ result: Result<OperationResult, MusterError>, now: Now
    ) throws -> Value {
        _ = try result.get()
        guard var server = world.servers[id], world.aliveClaim(of: id)?.epoch == epoch else {
            throw MusterError(.stale, "\(id) was ready under a claim that is over", subject: id.rawValue)
        }
        server.readyEpoch = epoch
        server.isExtra = nil
        server.wantedAgain = nil
        server.lastError = nil
        world.put(server)
        let resource = world.aliveClaim(of: id)?.resource
        chances[id] = nil
        if let resource { giveNewChances(resource) }
        emit("server.running", resource: resource, server: id, data: ["epoch": .int(epoch.rawValue)], now: now)
        return serverValue(server)
    }

    func state(of server: Server) -> ServerState { world.state(of: server) }

    /// Looks at every server whose trouble a turn may have changed: one that is not where it should be and has no live run responsible is
    /// blocked, with its reason and remedy.
    mutating func review(now: Now) {
        guard needsReview else { return }
        needsReview = false
        for server in world.takeUnreviewed().compactMap({ world.servers[$0] }) {
            let isWatched = !Mutation.serverForgotten.isActive && responsibleRun(for: server.id) == nil
            let trouble = isWatched ? trouble(of: server) : nil
            setBlocked(server.id, trouble, now: now)
        }
        if !needsReview { offerMachines(now: now) }
        // The events above may have started runs that are responsible now: one more look settles it.
        if needsReview { review(now: now) }
    }

    private mutating func setBlocked(_ id: ServerID, _ trouble: (reason: String, remedy: String)?, now: Now) {
        guard var server = world.servers[id] else { return }
        if let trouble {
            let isKnown = server.blocked?.reason == trouble.reason
            server.blocked = Blocked(reason: trouble.reason, remedy: trouble.remedy, since: server.blocked?.since ?? now.wall)
            world.put(server)
            if isKnown { return }
            // Told once a minute at most: a hook that reacts and fails at once would be called for ever.
            if let told = toldBlocked[id], told.reason == trouble.reason, now.monotonic - told.at < 60_000 { return }
            toldBlocked[id] = (trouble.reason, now.monotonic)
            emit(
                "server.blocked", server: id,
                data: ["reason": .string(trouble.reason), "remedy": .string(trouble.remedy)], now: now)
        } else if server.blocked != nil {
            server.blocked = nil
            world.put(server)
            emit("server.unblocked", server: id, now: now)
        }
    }

    /// Why a server is not where it should be; nil when it is.
    private func trouble(of server: Server) -> (reason: String, remedy: String)? {
        let claim = world.aliveClaim(of: server.id)
        guard server.target == .running else {
            guard let claim else { return nil }
            return (because(server, "it should be stopped and still has \(claim.resource)"), "muster server stop \(server.id)")
        }
        if let trouble = troubleOfRestore, claim == nil || claim?.unproven == true { return trouble }
        guard let claim, let resource = world.resources[claim.resource] else {
            return (because(server, "nothing places it"), remedy(server, hookFor: "server.wanted"))
        }
        if let failure = resource.failure { return troubleOf(failure, resource, server) }
        if claim.cutOrdered != nil {
            // As long as the fence goes on, the engine itself works for the server.
            if ladders.of(claim.resource).contains(where: { $0.ladder.epoch == claim.epoch }) { return nil }
            return (
                because(server, "a fence cut its export, and \(resource.id) was neither seen silent nor off"),
                "muster fence \(resource.id), or if it is off for sure: muster fence \(resource.id) --confirm-off"
            )
        }
        if claim.exportDied == true {
            return (because(server, "its export died"), remedy(server, hookFor: "export.died"))
        }
        if server.readyEpoch == claim.epoch { return nil }
        return (because(server, "nothing waits for it to be ready on \(resource.id)"), remedy(server, hookFor: "server.wanted"))
    }

    private func troubleOf(_ failure: Failure, _ resource: Resource, _ server: Server) -> (reason: String, remedy: String) {
        switch failure.held {
        case "disarmed": return ("\(resource.id) is silent, and failovers are disarmed", "muster arm")
        case "isolated":
            return (
                "isolated: too many machines fell silent at once, so \(resource.id) is not believed dead",
                "look at the engine's network; if \(resource.id) is off for sure: muster fence \(resource.id) --confirm-off"
            )
        default: break
        }
        if failure.fenced != nil {
            return (because(server, "\(resource.id) is fenced and nothing places \(server.id)"), remedy(server, hookFor: "server.wanted"))
        }
        return (
            because(server, "\(resource.id) failed and no run fences it"),
            // Also when the controller has advice of its own: the operator's word is the way that is always left.
            [
                server.lastError?.hint.flatMap { $0.contains("--confirm-off") ? nil : $0 },
                "muster fence \(resource.id), or if it is off for sure: muster fence \(resource.id) --confirm-off",
            ].compactMap { $0 }.joined(separator: "; then: ")
        )
    }

    /// The last run's error, when there is one, says more than the bare state.
    private func because(_ server: Server, _ otherwise: String) -> String {
        server.lastError.map { "the last run failed: \($0.message)" } ?? otherwise
    }

    private func remedy(_ server: Server, hookFor event: String) -> String {
        let isHeard = world.hooks.values.contains { $0.active && $0.declaration.trigger == .event(event) }
        if !isHeard { return "no hook reacts to \(event): load hooks/servers.lua, then muster server start \(server.id)" }
        return server.lastError?.hint ?? "muster server start \(server.id)"
    }
}
