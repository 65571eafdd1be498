import MusterCore

// Where a server could run, and why not elsewhere: what `muster servers why NAME` shows.
extension Engine {
    /// What hooks have to be asked first; nil when there is none.
    func whyQuestion(_ id: ServerID) throws -> Question? {
        let server = try knownServer(id)
        let candidates = candidates(for: server, PlacementRequest(), run: nil)
        let all = candidates.free + candidates.kept
        return all.isEmpty ? nil : question(.place, placeRequest(server, all))
    }

    /// Every machine: the candidates, best first, with what counts for and against each, and the others with what speaks against them.
    mutating func whyValue(_ id: ServerID, _ question: Question?, _ decision: Decision?, now: Now) throws -> Value {
        let server = try knownServer(id)
        let verdicts = question.map { self.verdicts($0, decision ?? Decision(), now: now) } ?? [:]
        let candidates = candidates(for: server, PlacementRequest(), run: nil, verdicts: verdicts)
        let preferences = preferences(of: server)
        let chosen = (candidates.free + candidates.kept).map { machine -> Value in
            var reasons = preferences.reasons(machine)
            if let score = verdicts[machine.id.rawValue]?["score"].double { reasons.insert("hooks score it \(score)", at: 0) }
            if let holder = world.index.holders[machine.id] { reasons.insert("kept by run \(holder)", at: 0) }
            return ["name": .string(machine.id.rawValue), "reasons": .array(reasons.map { .string($0) })]
        }
        let taken = Set((candidates.free + candidates.kept).map(\.id))
        let others = world.resourceOrder.filter { !taken.contains($0) }.compactMap { id -> Value? in
            guard let resource = world.resources[id] else { return nil }
            let refusal = candidates.refused[id].map { "was refused by a hook: \($0)" }
            guard let objection = refusal ?? objection(to: resource, for: server)?.words else { return nil }
            return ["name": .string(id.rawValue), "objection": .string(objection)]
        }
        var value = serverValue(server).object ?? [:]
        value["candidates"] = .array(chosen)
        value["others"] = .array(others)
        if givesWay(server, candidates.free) { value["gives_way"] = true }
        return .object(value)
    }

    private func knownServer(_ id: ServerID) throws -> Server {
        guard let server = world.servers[id] else {
            throw MusterError(.notFound, "there is no server \"\(id)\"", hint: "muster servers lists them", subject: id.rawValue)
        }
        return server
    }
}

extension EngineLoop {
    /// Where a server could run, hooks asked. Errors: `not_found`.
    func why(_ id: ServerID) async throws -> Value {
        let question = try await turn { engine, _ in try engine.whyQuestion(id) }
        let decision = if let question { await decide(question) } else { Decision?.none }
        return try await turn { engine, now in try engine.whyValue(id, question, decision, now: now) }
    }
}
