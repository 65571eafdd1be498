import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// One policy: a hook file and what it requires, in an isolate of its own.
final class Policy: @unchecked Sendable {
    let isolate: LuaIsolate
    private let lock = NSLock()
    private var chunks: [String: LoadedChunk] = [:]

    /// A parsed file with the functions that it registers, by hook.
    struct LoadedChunk: Sendable {
        var chunk: LuaChunk
        var declarations: [HookDeclaration]
        var handlers: [HookID: LuaFunction]
    }

    /// Bytes of Lua's heap past which runs that only wait are put aside. Touched on the isolate's thread only.
    private(set) var evictionThreshold: Int
    private let memoryLimit: Int
    /// The runs that have begun here, and those that wait for memory.
    var admissions = Admissions()

    /// Whether there is little memory left for another run.
    func isShort(_ memory: Int) -> Bool { memory > memoryLimit / 10 * 7 }

    /// After a collection: what cannot be freed must not be looked at again at every step.
    func collected(to memory: Int) { evictionThreshold = max(memoryLimit / 2, memory + memoryLimit / 10) }

    /// - Parameter onStuck: Called on the isolate's thread when it hung in C code and is lost.
    init(
        limits: PolicyLimits, place: PolicyPlace = .threads, onStuck: @escaping @Sendable (Policy) -> Void = { _ in }
    ) throws(MusterError) {
        let bundles = Bundles()
        let holder = Holder()
        var settings = LuaSettings()
        settings.memoryLimit = Int(limits.memory)
        // What crosses goes into the journal: a script that logs megabytes a step would fill the disk in its steps' number.
        settings.messageLimit = 1 << 20
        memoryLimit = settings.memoryLimit
        evictionThreshold = settings.memoryLimit / 2
        switch place {
        case .threads: settings.slice = .processorTime(milliseconds: Int(limits.slice))
        case .inline, .covered:
            settings.coverage = place.coverage
            settings.slice = .instructions(Int(limits.slice) * PolicyPlace.instructionsPerMillisecond)
            settings.placement = .inline
        }
        isolate = try LuaIsolate(
            settings, functions: Policy.hostFunctions,
            preludes: [PolicyPrelude.source, OutsidePrelude.source, PolicyPrelude.registrations, DecidePrelude.source],
            modules: { request throws(MusterError) in bundles.module(request) },
            onStuck: { holder.policy.map(onStuck) })
        shared = bundles
        holder.policy = self
    }

    /// Set once, before anything executes in the isolate.
    private final class Holder: @unchecked Sendable { weak var policy: Policy? }

    private let shared: Bundles

    /// The sources by chunk, as the module loader sees them.
    private final class Bundles: @unchecked Sendable {
        private let lock = NSLock()
        private var byChunk: [LuaChunk: CodeBundle] = [:]

        func add(_ bundle: CodeBundle, _ chunk: LuaChunk) { lock.withLock { byChunk[chunk] = bundle } }

        func module(_ request: LuaModuleRequest) -> LuaSource? {
            lock.withLock { byChunk[request.chunk]?.sources[request.name] }.map {
                LuaSource(name: request.name.replacingOccurrences(of: ".", with: "/") + ".lua", text: $0)
            }
        }
    }

    private static let hostFunctions: [LuaHostFunction] =
        (Effects.names + ["all", "race"]).map { .effect($0) } + HookReader.names.sorted().map { .registration($0) } + [
            .registration("needs"), NeedsReader.check, .registration("limits"), LimitsReader.check,
        ] + Calendar.functions + Refusals.functions + [Help.function, EventFollowing.check]

    /// Parses a bundle's main file once and remembers it.
    func chunk(_ bundle: CodeBundle, in lua: Lua) throws(MusterError) -> LuaChunk {
        if let known = lock.withLock({ chunks[bundle.hash] }) { return known.chunk }
        let chunk = try lua.compile(LuaSource(name: bundle.main, text: bundle.sources[bundle.main] ?? ""))
        shared.add(bundle, chunk)
        lock.withLock { chunks[bundle.hash] = LoadedChunk(chunk: chunk, declarations: [], handlers: [:]) }
        return chunk
    }

    /// Parses a hook file and finds out what it registers.
    func load(_ bundle: CodeBundle, in lua: Lua) throws(MusterError) -> LoadedChunk {
        if let known = lock.withLock({ chunks[bundle.hash] }), !known.handlers.isEmpty { return known }
        let chunk = try chunk(bundle, in: lua)
        let start = lua.load(chunk)
        if case .failed(let error) = start.outcome { throw error }
        guard let strand = start.strand else { throw MusterError(.script, "\(bundle.main) did not load") }
        defer { lua.finish(strand) }
        var loaded = LoadedChunk(chunk: chunk, declarations: [], handlers: [:])
        let registrations = lua.registrations(of: strand)
        let needs = try NeedsReader.all(registrations, file: bundle.main)
        for (index, registration) in registrations.filter({ HookReader.names.contains($0.name) }).enumerated() {
            var declaration = try HookReader.declaration(registration, number: index + 1, file: bundle.main)
            declaration.needs = needs
            guard let handler = registration.functions.first else { continue }
            guard loaded.handlers.updateValue(handler, forKey: declaration.id) == nil else {
                throw MusterError(
                    .script, "two hooks are named \"\(declaration.id)\"", hint: "give each its own name = \"…\"",
                    place: declaration.place)
            }
            loaded.declarations.append(declaration)
        }
        try LimitsReader.put(registrations, file: bundle.main, into: &loaded.declarations)
        let result = loaded
        lock.withLock { chunks[bundle.hash] = result }
        return result
    }
}
