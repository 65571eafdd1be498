import MusterCore

/// What people and programs ask of a running engine, by name. The console serves it over HTTP.
public struct Control: Sendable {
    public let loop: EngineLoop
    public let scripts: any ScriptService
    /// More facts for `status`: the boot service's counters, by name.
    public var extras: @Sendable () async -> Fields

    public init(
        loop: EngineLoop, scripts: any ScriptService, extras: @escaping @Sendable () async -> Fields = { [:] }
    ) {
        self.loop = loop
        self.scripts = scripts
        self.extras = extras
    }

    /// The requests that change nothing.
    public static let queries: Set<String> = [
        "status", "resources", "servers", "images", "events", "runs", "run", "hooks", "plan", "complete", "replay", "why", "fence.checks",
    ]

    /// What may be asked while the disk is full: what ends or holds back work, and what a failover under way may be waiting for.
    static let acceptedWhenShort: Set<String> = ["fence", "disarm", "run.cancel", "run.answer", "session.cancel", "session.end"]

    /// Refuses a request that must wait until a full disk has room. Errors: `store_full`.
    public static func checkRoom(for request: String, isShort: Bool) throws(MusterError) {
        if isShort, !queries.contains(request), !acceptedWhenShort.contains(request) { throw MusterError.storeShort("\"\(request)\"") }
    }

    /// Answers one request. `operatorName` is the person who asks, for the record. Errors: `not_found` for an unknown request, and what
    /// the request itself throws.
    public func answer(_ request: String, _ arguments: Value, operatorName: String) async throws -> Value {
        try Self.checkRoom(for: request, isShort: loop.store.isShort)
        switch request {
        case "status": return try await status()
        case "resources": return try await loop.turn { engine, _ in engine.resourceValues }
        case "servers": return try await loop.turn { engine, _ in engine.serverValues }
        case "why": return try await loop.why(ServerID(try text(arguments, "name")))
        case "images": return try await loop.turn { engine, _ in engine.imageValues }
        case "events": return try await events(arguments)
        case "runs": return try await runs(arguments)
        case "run": return try await story(RunID(try number(arguments, "id")))
        case "replay": return try await replay(RunID(try number(arguments, "id")), source: arguments["source"].string)
        case "hooks": return await scripts.hookFiles()
        case "plan", "apply": return try await fleet(arguments, applies: request == "apply")
        case "server.move": return try await move(arguments)
        case "server.start", "server.stop": return try await target(arguments, request == "server.start" ? .running : .stopped)
        case "fence": return try await fence(arguments, operatorName)
        case "fence.check":
            let names = try names(arguments)
            let checking = try await loop.turn { engine, now in try engine.checkFences(names, now: now) }
            return .array(checking.map { .string($0.rawValue) })
        case "fence.checks":
            let names = try names(arguments)
            return try await loop.turn { engine, _ in engine.fenceCheckValues(names) }
        case "arm", "disarm":
            return try await arm(request == "arm", arguments, operatorName)
        case "maintenance": return try await maintenance(arguments)
        case "backup":
            let report = try await loop.store.backup(to: try text(arguments, "path"), replacing: arguments["force"].bool == true)
            return try Value(encoding: report)
        case "run.answer": return try await answerRun(arguments, operatorName)
        case "event.emit": return try await emit(arguments)
        case "run.cancel":
            let id = RunID(try number(arguments, "id"))
            try await loop.turn { engine, now in try engine.cancelRun(id, now: now) }
            return .null
        case "script":
            let id = try await scripts.runScript(
                source: try text(arguments, "source"), file: try text(arguments, "file"), operatorName: operatorName)
            return ["run": .int(id.rawValue)]
        case "evaluate":
            return try await scripts.evaluate(
                session: try text(arguments, "session"), text: try text(arguments, "text"), operatorName: operatorName)
        case "complete":
            let found = try await scripts.complete(session: try text(arguments, "session"), text: try text(arguments, "text"))
            return .array(found.map { .string($0) })
        case "session.cancel":
            await scripts.cancelLine(session: try text(arguments, "session"))
            return .null
        case "session.end":
            await scripts.endSession(try text(arguments, "session"))
            return .null
        default:
            throw MusterError(.notFound, "there is no request \"\(request)\"", hint: "see docs/api.md")
        }
    }

    private func status() async throws -> Value {
        let value = try await loop.turn { engine, now in engine.statusValue(now: now) }
        var fields = (value.object ?? [:]).merging(await extras()) { $1 }
        fields["backup"] = loop.store.backupProgress.map { .double($0) }
        return .object(fields)
    }

    private func events(_ arguments: Value) async throws -> Value {
        let limit = limit(arguments)
        let events =
            if let after = arguments["after"].int {
                try await loop.store.events(after: EventID(after), limit: limit)
            } else {
                try await loop.store.latestEvents(limit: limit)
            }
        return .array(try events.map { try Value(encoding: $0) })
    }

    private func runs(_ arguments: Value) async throws -> Value {
        if arguments["waiting"].bool == true || arguments["waiting"] == "true" {
            return try await loop.turn { engine, now in engine.waitingRunValues(now: now) }
        }
        let runs = try await loop.store.runs(limit: limit(arguments))
        return .array(try runs.map { try Value(encoding: $0) })
    }

    private func story(_ id: RunID) async throws -> Value {
        guard let run = try await loop.store.run(id) else {
            throw MusterError(.notFound, "there is no run \(id)", hint: "muster runs lists them")
        }
        let steps = try await loop.store.steps(of: id)
        return ["run": try Value(encoding: run), "steps": .array(try steps.map { try Value(encoding: $0) })]
    }

    private func replay(_ id: RunID, source: String?) async throws -> Value {
        guard let run = try await loop.store.run(id) else {
            throw MusterError(.notFound, "there is no run \(id)", hint: "muster runs lists them")
        }
        guard let code = try await loop.store.code(run.code) else {
            throw MusterError("code_missing", "the code of run \(id) is not in the store")
        }
        return try await scripts.replay(run, try await loop.store.steps(of: id), code: code, source: source)
    }

    private func answerRun(_ arguments: Value, _ operatorName: String) async throws -> Value {
        let (id, text) = (RunID(try number(arguments, "id")), try text(arguments, "answer"))
        let address = arguments["step"].string
        let value = arguments["value"]
        try await loop.turn { engine, now in
            let isInDoubt = engine.world.runs[id]?.status == .asking
            let answer: RunAnswer =
                switch text {
                case "happened" where isInDoubt: .happened(value)
                case "again" where isInDoubt: .again
                case "refused" where isInDoubt: .refused
                default: .text(text)
                }
            try engine.answerRun(id, address: address, answer, operatorName: operatorName, now: now)
        }
        return .null
    }

    private func emit(_ arguments: Value) async throws -> Value {
        let (name, data, key) = (try text(arguments, "name"), arguments["data"], arguments["key"])
        guard data.isNull || data.object != nil, key.isNull || key.string != nil else {
            throw MusterError(.badArgument, "data is an object, and key a text", hint: "see docs/api.md")
        }
        let id = try await loop.turn { engine, now in
            try engine.emitUser(name, data.object ?? [:], key: key.string, now: now)
        }
        return ["event": .int(id.rawValue)]
    }

    private func fleet(_ arguments: Value, applies: Bool) async throws -> Value {
        let fleet = try await scripts.fleet(source: try text(arguments, "source"), file: try text(arguments, "file"))
        let differences = try await loop.turn { engine, now in
            applies ? try engine.apply(fleet, now: now) : engine.plan(fleet)
        }
        return .array(try differences.map { try Value(encoding: $0) })
    }

    private func move(_ arguments: Value) async throws -> Value {
        let (id, target) = (ServerID(try text(arguments, "name")), arguments["to"].string.map { ResourceID($0) })
        try await loop.turn { engine, now in try engine.move(id, to: target, now: now) }
        return .null
    }

    private func target(_ arguments: Value, _ target: Server.Target) async throws -> Value {
        let id = ServerID(try text(arguments, "name"))
        try await loop.turn { engine, now in try engine.setTarget(target, of: id, now: now) }
        return .null
    }

    private func fence(_ arguments: Value, _ operatorName: String) async throws -> Value {
        let id = ResourceID(try text(arguments, "name"))
        if arguments["confirm_off"].bool == true {
            let evidence = try await loop.turn { engine, now in
                try engine.confirmOff(id, operatorName: operatorName, now: now)
            }
            return try Value(encoding: evidence)
        }
        try await loop.turn { engine, now in try engine.fence(id, operatorName: operatorName, now: now) }
        return ["ordered": true]
    }

    /// The machines that a request names; none for all.
    private func names(_ arguments: Value) throws -> [ResourceID] {
        let names = arguments["names"].isNull ? [] : arguments["names"].array ?? arguments["names"].string.map { [.string($0)] } ?? []
        return names.compactMap(\.string).map { ResourceID($0) }
    }

    private func maintenance(_ arguments: Value) async throws -> Value {
        let id = ResourceID(try text(arguments, "name"))
        let mode: Mode = arguments["on"].bool == false ? .active : .maintenance
        let length = try length(arguments)
        return try await loop.turn { engine, now in
            let end = try length.map { try engine.end(after: $0, now: now) }
            try engine.setMode(mode, of: id, until: end, now: now)
            return end.map { ["until": .int($0.milliseconds)] } ?? .null
        }
    }

    private func arm(_ armed: Bool, _ arguments: Value, _ operatorName: String) async throws -> Value {
        let length = try length(arguments)
        return try await loop.turn { engine, now in
            let end = try length.map { try engine.end(after: $0, now: now) }
            engine.arm(armed, until: end, operatorName: operatorName, now: now)
            return ["armed": .bool(armed), "until": end.map { .int($0.milliseconds) } ?? .null]
        }
    }

    /// How long something is meant to last: the argument `for`, a text as `2h` or a number of seconds.
    private func length(_ arguments: Value) throws -> Int64? {
        let value = arguments["for"]
        return value.isNull ? nil : try EffectCall.milliseconds(value, of: "for")
    }

    /// How many rows are wanted: 50 unless told, and no more than fit well into one answer.
    private func limit(_ arguments: Value) -> Int { Int(min(10_000, max(0, arguments["limit"].int ?? 50))) }

    private func text(_ arguments: Value, _ name: String) throws -> String {
        guard let text = arguments[name].string else {
            throw MusterError(.badArgument, "the request wants a text \"\(name)\"")
        }
        return text
    }

    private func number(_ arguments: Value, _ name: String) throws -> Int64 {
        guard let number = arguments[name].int else {
            throw MusterError(.badArgument, "the request wants a number \"\(name)\"")
        }
        return number
    }
}
