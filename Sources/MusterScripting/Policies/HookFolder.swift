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
        let names = try folders.hookFiles()
        for name in names { try await refresh(name) }
        for gone in files.keys.sorted() where !names.contains(gone) {
            files[gone] = nil
            try await loop.turn { engine, now in engine.unloadHooks(file: gone, now: now) }
        }
    }

    private func refresh(_ name: String) async throws {
        do {
            let bundle = try folders.bundle(hook: name)
            guard files[name]?.tried != bundle.hash else { return }
            files[name] = FileState(tried: bundle.hash, hooks: files[name]?.hooks ?? [])
            try await load(bundle)
        } catch let error as MusterError where error.code.rawValue.hasPrefix("store_") {
            throw error
        } catch let error as MusterError {
            try await broken(name, error)
        }
    }

    private func load(_ bundle: CodeBundle) async throws {
        let policy = try executor.policy(bundle.main)
        let loaded = try await policy.isolate.perform { lua in try policy.load(bundle, in: lua) }
        let declarations = loaded.declarations
        let backlog = try await backlog()
        try await loop.turn { engine, now in
            engine.loadHooks(file: bundle.main, code: bundle, declarations, backlog: backlog, now: now)
        }
        files[bundle.main]?.hooks = declarations.map(\.id.rawValue)
        files[bundle.main]?.error = nil
    }

    /// The events since the hook that is furthest behind.
    private func backlog() async throws -> [Event] {
        var start = try await loop.turn { engine, _ in engine.backlogStart }
        var events: [Event] = []
        while true {
            let page = try await loop.store.events(after: start, limit: 1000)
            guard let last = page.last else { return events }
            events += page
            start = last.id
        }
    }

    private func broken(_ name: String, _ error: MusterError) async throws {
        if files[name]?.error == error { return }
        files[name] = FileState(tried: files[name]?.tried ?? "", hooks: files[name]?.hooks ?? [], error: error)
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
                var fields: [String: Value] = ["file": .string(name), "hooks": .array((state?.hooks ?? []).map { .string($0) })]
                if let error = state?.error { fields["error"] = try? Value(encoding: error) }
                return .object(fields)
            })
    }
}
