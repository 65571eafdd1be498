import MusterCore

extension Effects {
    /// Questions that runs ask.
    static let questions: [(String, Effect)] = [
        ("decide.place", .operation(.repeat) { engine, call in
            let server = try engine.server(call)
            let candidates = try (call.argument(1).array ?? []).map { name in
                guard let resource = name.string.flatMap({ engine.world.resources[ResourceID($0)] }) else { throw engine.unknownResource(name.string ?? name.json) }
                return engine.resourceValue(resource)
            }
            guard !candidates.isEmpty else { return nil }
            let request: Value = ["server": engine.serverValue(server), "candidates": .array(candidates), "servers": engine.serverValues]
            return engine.question(.place, request).map(Operation.decide)
        })
    ]
}

extension Engine {
    /// What the hooks together say of each candidate, by name: `{ score = sum }`, or `{ veto = reason }` when any of them refuses it.
    mutating func placed(_ question: Question, _ decision: Decision, now: Now) -> Value {
        let names = (question.request["candidates"].array ?? []).compactMap { $0["name"].string }
        var verdicts: [String: Value] = [:]
        for answer in decision.answers {
            switch answer.result {
            case .failure(let error): decideFailed(answer.hook, .place, error, now: now)
            case .success(let value):
                for (name, verdict) in zip(names, value.array ?? []) { verdicts[name] = Self.joined(verdicts[name] ?? .null, verdict) }
            }
        }
        return .object(verdicts.filter { !$0.value.isNull })
    }

    private static func joined(_ one: Value, _ other: Value) -> Value {
        if one["veto"].string != nil { return one }
        if let veto = other["veto"].string { return ["veto": .string(veto)] }
        guard let score = other["score"].double else { return one }
        return ["score": .double((one["score"].double ?? 0) + score)]
    }
}
