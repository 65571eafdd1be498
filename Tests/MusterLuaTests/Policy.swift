import MusterCore
import MusterLua

/// An isolate with a small library, for tests: `print`-like collection, two effects, one registration.
final class Policy {
    let isolate: LuaIsolate

    static let library = LuaSource(
        name: "=library",
        text: """
            local power_on = host["resource.power_on"]
            on = host.on
            wait = host.wait
            upper = host.upper
            refuse = host.refuse
            broken = host.broken
            all = function(...) return host.all({ ... }) end
            settings = { limit = 3, nested = { deep = true } }
            host.class("resource", {
              power_on = function(self) return power_on(self) end,
              __eq = function(left, right) return left.id == right.id end,
            })
            """)

    init(
        slice: LuaSettings.SliceLimit = .processorTime(milliseconds: 5000), memory: Int = 64 << 20,
        stuckAfter: Int? = 60_000, messageLimit: Int = 16 << 20, modules: [String: String] = [:]
    ) throws {
        var settings = LuaSettings()
        settings.slice = slice
        settings.memoryLimit = memory
        settings.stuckAfterMilliseconds = stuckAfter
        settings.messageLimit = messageLimit
        settings.placement = .inline
        isolate = try LuaIsolate(
            settings, functions: Self.functions, preludes: [Self.library],
            modules: { request throws(MusterError) in
                if request.name == "forbidden" { throw MusterError("not_allowed", "not this one") }
                return modules[request.name].map { LuaSource(name: "\(request.name).lua", text: $0) }
            })
    }

    static let functions: [LuaHostFunction] = [
        .registration("on"), .effect("wait"), .effect("resource.power_on"), .effect("all"),
        .function("upper") { call throws(MusterError) in [.string(call.arguments.first?.string?.uppercased() ?? "?")] },
        .function("refuse") { call throws(MusterError) in
            throw MusterError(
                "bmc_silent", "node1's BMC does not answer", hint: "look at its cable", subject: call.arguments.first?.string)
        },
        .function("broken") { call throws(MusterError) in call.arguments },
    ]

    func use<T>(_ work: (Lua) throws -> T) throws -> T { try isolate.performInline(work) }

    /// Executes text as a script; effects may follow.
    func start(_ text: String, seed: UInt64 = 0) throws -> LuaStart {
        try use { lua in
            let chunk = try lua.compile(LuaSource(name: "script.lua", text: text))
            defer { lua.release(chunk) }
            return lua.execute(chunk, seed: seed)
        }
    }

    /// Executes text as a script and answers every effect with its own arguments.
    func run(_ text: String, seed: UInt64 = 0) throws -> LuaOutcome {
        let started = try start(text, seed: seed)
        var outcome = started.outcome
        while case .yielded(_, let arguments) = outcome, let strand = started.strand {
            outcome = try use { $0.resume(strand, with: .success(arguments)) }
        }
        return outcome
    }

    /// The values that a script returns; a failure is thrown.
    func values(_ text: String, seed: UInt64 = 0) throws -> [Value] {
        switch try run(text, seed: seed) {
        case .returned(let values): return values
        case .failed(let error): throw error
        case .yielded: throw MusterError("test", "unexpected yield")
        }
    }

    /// The error with which a script ends.
    func failure(_ text: String) throws -> MusterError? {
        if case .failed(let error) = try run(text) { error } else { nil }
    }
}
