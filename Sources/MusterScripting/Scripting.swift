import Foundation
import MusterCore
import MusterEngine

/// The scripting side of one engine.
public actor Scripting: ScriptService {
    public nonisolated let executor: RunExecutor
    public nonisolated let hooks: HookFolder
    let folders: SourceFolders
    private let loop: EngineLoop
    private let secretExists: @Sendable (String) -> Bool
    private var sessions: [String: Session] = [:]

    /// A REPL session, when it was last used, and how many of its lines execute.
    private struct Session {
        var id: RunID
        var prompt: Prompt
        var used = ContinuousClock.now
        var busy = 0
    }

    public init(
        loop: EngineLoop, folders: SourceFolders, secretExists: @escaping @Sendable (String) -> Bool,
        report: @escaping @Sendable (MusterError) -> Void
    ) {
        self.loop = loop
        self.folders = folders
        self.secretExists = secretExists
        executor = RunExecutor(engine: loop, report: report)
        hooks = HookFolder(folders: folders, executor: executor, loop: loop, report: report)
    }

    public func fleet(source: String, file: String) async throws -> FleetDeclaration {
        let fleet = try await FleetReader.read(source: source, file: file)
        let problems = fleet.problems(
            imageExists: { FileManager.default.fileExists(atPath: $0.path) }, secretExists: secretExists)
        guard let first = problems.first else { return fleet }
        if problems.count == 1 { throw first }
        let others = problems.dropFirst().map { "\($0.place.map { "\($0): " } ?? "")\($0.message) (\($0.hint ?? ""))" }
        var all = first
        all.message += "; and \(others.count) more:\n  " + others.joined(separator: "\n  ")
        throw all
    }

    public func runScript(source: String, file: String, operatorName: String) async throws -> RunID {
        let bundle = try folders.bundle(main: file, source: source)
        // Parsed here for its errors; the run has an isolate of its own.
        let limits = try await loop.turn { engine, _ in engine.world.general.settings.policies.limits }
        let policy = try Policy(limits: limits)
        _ = try await policy.isolate.perform { lua in try policy.chunk(bundle, in: lua) }
        return try await loop.turn { engine, now in engine.runScript(bundle, operatorName: operatorName, now: now) }
    }

    public func evaluate(session: String, text: String, operatorName: String) async throws -> Value {
        let prompt = try await prompt(session, operatorName)
        sessions[session]?.busy += 1
        defer {
            sessions[session]?.busy -= 1
            sessions[session]?.used = .now
        }
        return try await prompt.evaluate(text, executor)
    }

    /// Ends the sessions in which nothing has executed for so long: their clients were killed, or forgot them. Call it now and then.
    public func endIdleSessions(after idle: Duration = .seconds(1_800)) async {
        for (name, session) in sessions where session.busy == 0 && ContinuousClock.now - session.used >= idle { await endSession(name) }
    }

    private func prompt(_ session: String, _ operatorName: String) async throws -> Prompt {
        if let known = sessions[session], executor.activeRun(known.id) != nil { return known.prompt }
        let bundle = CodeBundle(
            hash: SourceFolders.hash(Prompt.main, [Prompt.main: ""]), main: Prompt.main, sources: [Prompt.main: ""])
        let id = try await loop.turn { engine, now in engine.openPrompt(bundle, operatorName: operatorName, now: now) }
        guard let active = executor.activeRun(id) else {
            throw MusterError(.cancelled, "the session could not be opened", hint: "try again")
        }
        let prompt = Prompt(active)
        sessions[session] = Session(id: id, prompt: prompt)
        return prompt
    }

    public func complete(session: String, text: String) async throws -> [String] {
        let names = try await loop.turn { engine, _ in
            [
                "resources": engine.world.resources.keys.map(\.rawValue).sorted(),
                "servers": engine.world.servers.keys.map(\.rawValue).sorted(),
                "images": engine.world.images.keys.map(\.rawValue).sorted(),
            ]
        }
        return Completion.complete(text, objects: names)
    }

    public func cancelLine(session: String) async { sessions[session]?.prompt.cancel(executor) }

    public func endSession(_ session: String) async {
        guard let known = sessions.removeValue(forKey: session) else { return }
        executor.endPrompt(known.id)
    }

    public func hookFiles() async -> Value { await hooks.value() }
}
