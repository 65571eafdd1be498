import MusterCore

extension Effects {
    /// Calls that choose machines.
    static let placementCalls: [(String, Effect)] = [
        ("server.candidates", .wait { engine, call in try engine.place(call) }),
        ("server.reserve", .wait(needs: .power) { engine, call in try engine.place(call) }),
        (
            "server.objection",
            .query { engine, call in
                let (server, resource) = (try engine.server(call), try engine.resource(call, 1))
                return engine.objection(to: resource, for: server).map { .string($0.words) } ?? .null
            }
        ),
        (
            "server.why_not",
            .query { engine, call in
                .string(
                    engine.explanation(for: try engine.server(call), told: try PlacementRequest(call, for: try engine.server(call)).except))
            }
        ),
    ]
}

extension Engine {
    /// Answers a placement at once, or asks the hooks that may veto or score first.
    mutating func place(_ call: EffectCall) throws -> Value? {
        let server = try server(call)
        let request = try PlacementRequest(call, for: server)
        // What hooks are asked about is all there is: what turned up while they answer would be left out.
        let unseen = request.hasLooked ? [] : unseen(for: server, request)
        if !unseen.isEmpty { return ["machines": [], "unseen": .array(unseen.map(resourceValue))] }
        let candidates = candidates(for: server, request, run: call.run.id)
        let all = candidates.free + candidates.kept
        if !all.isEmpty, let question = question(.place, placeRequest(server, all)) {
            begin(.decide(question), for: .step(call.run.id, address: call.step.address))
            return nil
        }
        return answer(call, server, request, candidates, now: call.now)
    }

    func placeRequest(_ server: Server, _ machines: [FreeMachine]) -> Value {
        let candidates = machines.compactMap { world.resources[$0.id] }.map(resourceValue)
        return ["server": serverValue(server), "candidates": .array(candidates), "servers": serverValues]
    }

    /// What hooks said of the candidates, taken together with what the world is now.
    mutating func placed(_ question: Question, _ decision: Decision, for owner: OperationOwner, now: Now) throws -> Value {
        let verdicts = verdicts(question, decision, now: now)
        guard case .step(let id, let address) = owner, let step = world.openSteps[id]?[address], let run = world.runs[id] else {
            return .null
        }
        let call = EffectCall(run: run, step: step, isInDoubt: false, now: now)
        let server = try server(call)
        let request = try PlacementRequest(call, for: server)
        // A machine that became free meanwhile was not asked about: it waits for the next time.
        let asked = Set((question.request["candidates"].array ?? []).compactMap { $0["name"].string })
        var candidates = candidates(for: server, request, run: id, verdicts: verdicts)
        candidates.free.removeAll { !asked.contains($0.id.rawValue) }
        candidates.kept.removeAll { !asked.contains($0.id.rawValue) }
        return answer(call, server, request, candidates, now: now)
    }

    private mutating func answer(_ call: EffectCall, _ server: Server, _ request: PlacementRequest, _ candidates: Candidates, now: Now)
        -> Value
    {
        func values(_ machines: [FreeMachine]) -> [Value] { machines.compactMap { world.resources[$0.id] }.map(resourceValue) }
        var fields: Fields = [:]
        if !candidates.refused.isEmpty {
            fields["refused"] = .object(Fields(candidates.refused.map { ($0.key.rawValue, .string($0.value)) }))
        }
        let all = candidates.free + candidates.kept
        guard call.step.name == "server.reserve" else {
            fields["machines"] = .array(values(Array(all.prefix(request.limit))))
            return .object(fields)
        }
        if let best = candidates.free.first, !givesWay(server, candidates.free) {
            reserve([best.id], run: call.run.id, priority: request.priority)
            fields["machine"] = values([best]).first
        } else if !all.isEmpty {
            fields["waits"] = true
            // It has had none of these.
            for machine in all { chances[server.id]?.remove(machine.id) }
            // Whoever keeps one for less than this gives way; it is free when his run is over.
            if candidates.free.isEmpty { preempt(holdersOf: candidates.kept, by: call.run.id, priority: request.priority, now: now) }
        }
        return .object(fields)
    }

    /// What the hooks together say of each candidate, by name: `{ score = sum }`, or `{ veto = reason }` when any of them refuses it.
    mutating func verdicts(_ question: Question, _ decision: Decision, now: Now) -> [String: Value] {
        let names = (question.request["candidates"].array ?? []).compactMap { $0["name"].string }
        var verdicts: [String: Value] = [:]
        for answer in decision.answers {
            switch answer.result {
            case .failure(let error): decideFailed(answer.hook, .place, error, now: now)
            case .success(let value):
                for (name, verdict) in zip(names, value.array ?? []) { verdicts[name] = Self.joined(verdicts[name] ?? .null, verdict) }
            }
        }
        return verdicts.filter { !$0.value.isNull }
    }

    private static func joined(_ one: Value, _ other: Value) -> Value {
        if one["veto"].string != nil { return one }
        if let veto = other["veto"].string { return ["veto": .string(veto)] }
        guard let score = other["score"].double else { return one }
        return ["score": .double((one["score"].double ?? 0) + score)]
    }
}
