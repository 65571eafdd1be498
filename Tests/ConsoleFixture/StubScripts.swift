import MusterCore
import MusterEngine

/// A scripting side of a few words. A script's lines are carried out in order: `log TEXT`, `emit NAME`, `own SERVER` (answer for
/// it), `fail CODE MESSAGE`, `wait` (until it is cancelled), `return TEXT`.
public final class StubScripts: ScriptService, RunHost {
    private let loop: EngineLoop
    private let sessions = SessionBook()

    init(_ loop: EngineLoop) { self.loop = loop }

    /// How many lines each living REPL session has evaluated.
    public var liveSessions: [String: Int] { get async { await sessions.counts } }

    // MARK: What people ask

    public func fleet(source: String, file: String) async throws -> FleetDeclaration {
        var fleet = FleetDeclaration(file: file)
        if source.contains("bad") {
            throw MusterError(
                .badFleet, "host node1: there is no key \"memori\"", hint: "did you mean \"memory\"?", place: "\(file):3")
        }
        for (index, line) in source.split(separator: "\n").enumerated() where line.hasPrefix("image ") {
            fleet.images.append(
                Declared(Image(id: ImageID(String(line.dropFirst(6))), path: "/images/x"), place: "\(file):\(index + 1)"))
        }
        return fleet
    }

    public func runScript(source: String, file: String, operatorName: String) async throws -> RunID {
        if source.contains("syntax") { throw MusterError(.script, "unexpected symbol near 'syntax'", place: "\(file):1") }
        let bundle = CodeBundle(hash: "hash of \(source)", main: file, sources: [file: source])
        return try await loop.turn { engine, now in engine.runScript(bundle, operatorName: operatorName, now: now) }
    }

    public func replay(_ run: Run, _ steps: [Step], code: CodeBundle, source: String?) async throws -> Value {
        [
            "run": .int(run.id.rawValue), "steps": .int(Int64(steps.count)), "recorded": .int(Int64(steps.count)),
            "same": .bool(source == nil),
        ]
    }

    public func evaluate(session: String, text: String, operatorName: String) async throws -> Value {
        await sessions.count(session)
        if text.hasSuffix("do") { return ["incomplete": true] }
        switch text {
        case "boom": throw MusterError(.notFound, "there is no global \"boom\"", hint: "did you mean \"boot\"?", place: "repl:1")
        case "who": return ["output": .string(operatorName)]
        case "deaf":
            // Like a line of C: it hears nobody.
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            return .null
        case "forever":
            let waiting = Task { try await Task.sleep(for: .seconds(3600)) }
            await sessions.wait(session, waiting)
            await withTaskCancellationHandler {
                _ = await waiting.result
            } onCancel: {
                waiting.cancel()
            }
            await sessions.count("abandoned")
            throw MusterError(.cancelled, "the line was cancelled")
        case "follow": return ["output": "", "follow": "resource.*"]
        case "follow none": return ["output": "", "follow": false]
        default: return ["output": .string("= \(text)")]
        }
    }

    public func complete(session: String, text: String) async throws -> [String] {
        let word = text.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
        return ["resources", "resources.get", "servers"].filter { $0.hasPrefix(word) }
    }

    public func cancelLine(session: String) async { await sessions.cancel(session) }

    public func endSession(_ session: String) async { await sessions.end(session) }

    public func hookFiles() async -> Value {
        [
            [
                "file": "failover.lua",
                "hooks": [["id": "failover#1", "trigger": ["event": ["_0": "resource.failed"]], "place": "failover.lua:2"]],
            ],
            [
                "file": "broken.lua", "hooks": [],
                "error": ["code": "script_error", "message": "'end' expected", "place": "broken.lua:7"],
            ],
        ]
    }

    // MARK: Runs

    public func start(_ run: Run, code: CodeBundle, journal: [Step]) {
        let lines = (code.sources[code.main] ?? "").split(separator: "\n").map(String.init)
        Task { try? await carryOut(run.id, lines) }
    }

    private func carryOut(_ run: RunID, _ lines: [String]) async throws {
        for (index, line) in lines.enumerated() {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            let rest = words.dropFirst().joined(separator: " ")
            switch words.first {
            case "log": try await step(run, index, "log", [.string(rest)])
            case "emit": try await step(run, index, "events.emit", [.string(rest)])
            case "own": try await step(run, index, "server.wait_ready", [["name": .string(rest)]])
            case "wait": try await step(run, index, "wait_for", [.string("never")]); return
            case "fail":
                try await end(run, .failure(MusterError(.init(rawValue: words[1]), words[2], place: "script.lua:\(index + 1)")));
                return
            default: try await end(run, .success(.string(rest))); return
            }
        }
        try await end(run, .success(.null))
    }

    private func step(_ run: RunID, _ index: Int, _ name: String, _ arguments: [Value]) async throws {
        try await loop.turn { engine, now in
            engine.requestStep(run, address: "\(index + 1)", name: name, arguments: arguments, now: now)
        }
    }

    private func end(_ run: RunID, _ result: Result<Value, MusterError>) async throws {
        try await loop.turn { engine, now in engine.runEnded(run, result, now: now) }
    }

    public func resume(_ run: RunID, address: String, outcome: Step.Outcome) {
        guard case .error(let error) = outcome, error.code == .cancelled else { return }
        Task { try await end(run, .failure(error)) }
    }

    public func drop(_ run: RunID) {}

    public func dropAll() {}
}

private actor SessionBook {
    var counts: [String: Int] = [:]
    private var waiting: [String: Task<Void, any Error>] = [:]
    func wait(_ session: String, _ task: Task<Void, any Error>) { waiting[session] = task }
    func cancel(_ session: String) { waiting[session]?.cancel() }
    func count(_ session: String) { counts[session, default: 0] += 1 }
    func end(_ session: String) { counts[session] = nil }
}
