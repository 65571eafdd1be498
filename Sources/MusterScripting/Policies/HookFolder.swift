import Foundation
import MusterCore
import MusterEngine

/// The hook files: loads them, and loads them again when they change. A broken new version leaves the old one serving.
public actor HookFolder {
    private let folders: SourceFolders
    private let executor: RunExecutor
    private let loop: EngineLoop
    private let report: @Sendable (MusterError) -> Void
    private var files: [String: FileState] = [:]

    private struct FileState {
        /// What was last tried, so that a broken version is reported once.
        var tried: String
        var hooks: [String] = []
        var error: MusterError?
    }

    public init(folders: SourceFolders, executor: RunExecutor, loop: EngineLoop, report: @escaping @Sendable (MusterError) -> Void) {
        self.folders = folders
        self.executor = executor
        self.loop = loop
        self.report = report
    }

    /// Looks at every file, and loads those that are new or changed.
    public func refresh() async throws {
        // New code is new work: while the disk is full the hooks stay as they are.
        if loop.store.isShort, !files.isEmpty { return }
        let names = try folders.hookFiles()
        // Those that are gone first: a file that was renamed keeps its hooks' names.
        for gone in files.keys.sorted() where !names.contains(gone) {
            try await loop.turn { engine, now in engine.unloadHooks(file: gone, now: now) }
            files[gone] = nil
        }
        for name in names { try await refresh(name) }
    }

    private func refresh(_ name: String) async throws {
        var tried = ""
        do {
            let bundle = try folders.bundle(hook: name)
            guard files[name]?.tried != bundle.hash else { return }
            tried = bundle.hash
            let warnings = try Self.check(bundle)
            let declarations = try await parse(bundle)
            // From here on only another file or the store can be what keeps it from being loaded: that is worth another try.
            tried = ""
            try await load(bundle, declarations)
            for warning in warnings { report(warning.error(0)) }
        } catch let error as MusterError where error.code.rawValue.hasPrefix("store_") {
            throw error
        } catch let error as MusterError {
            // What the operator's settings do not allow, other settings may.
            try await broken(name, error.code == .notAllowed ? "" : tried, error)
        }
    }

    /// What is surely wrong refuses the file, as a syntax error does. Answers the warnings.
    static func check(_ bundle: CodeBundle) throws(MusterError) -> [Problem] {
        let problems = Checker.check(hook: bundle)
        let errors = problems.filter { $0.severity == .error }
        if let first = errors.first { throw first.error(errors.count - 1) }
        return problems
    }

    /// Executes the file in an isolate that nothing else is in, so that a broken version harms no run of the old one, and with all that
    /// it could ask for; then once more in the isolate and with the limits that its runs will have.
    private func parse(_ bundle: CodeBundle) async throws -> [HookDeclaration] {
        let settings = try await loop.turn { engine, _ in engine.world.general.settings.policies }
        let trial = try Policy(limits: settings.most)
        let declarations = try await Self.load(bundle, in: trial)
        try LimitsReader.refuseExcess(declarations, settings, file: bundle.main)
        let limits = settings.limits(of: declarations.first)
        if declarations.contains(where: \.trigger.isQuestion) { try await executor.decider.prepare(bundle, limits) }
        return try await Self.load(bundle, in: executor.policy(bundle.main, limits))
    }

    private static func load(_ bundle: CodeBundle, in policy: Policy) async throws -> [HookDeclaration] {
        try await policy.isolate.perform { lua in try policy.load(bundle, in: lua) }.declarations
    }

    private func load(_ bundle: CodeBundle, _ declarations: [HookDeclaration]) async throws {
        try refuseTakenNames(declarations, bundle.main)
        try await loop.turn { engine, now in engine.loadHooks(file: bundle.main, code: bundle, declarations, now: now) }
        files[bundle.main] = FileState(tried: bundle.hash, hooks: declarations.map(\.id.rawValue))
    }

    private func refuseTakenNames(_ declarations: [HookDeclaration], _ file: String) throws {
        for (other, state) in files.sorted(by: { $0.key < $1.key }) where other != file {
            guard let taken = declarations.first(where: { state.hooks.contains($0.id.rawValue) }) else { continue }
            throw MusterError(
                .script, "a hook of \(other) is named \"\(taken.id)\" already", hint: "give one of them another name = \"…\"",
                place: taken.place)
        }
    }

    private func broken(_ name: String, _ tried: String, _ error: MusterError) async throws {
        let isKnown = files[name]?.error == error
        files[name] = FileState(tried: tried, hooks: files[name]?.hooks ?? [], error: error)
        if isKnown { return }
        report(error)
        try await loop.turn { engine, now in
            engine.note(
                "hook.broken",
                data: [
                    "file": .string(name), "message": .string(error.message),
                    "place": error.place.map { .string($0) } ?? .null,
                ], now: now)
        }
    }

    public func value() -> Value {
        .array(
            files.keys.sorted().map { name in
                let state = files[name]
                var fields: Fields = ["file": .string(name), "hooks": .array((state?.hooks ?? []).map { .string($0) })]
                if let error = state?.error { fields["error"] = try? Value(encoding: error) }
                return .object(fields)
            })
    }
}

extension HookDeclaration.Trigger {
    var isQuestion: Bool { if case .question = self { true } else { false } }
}
