import MusterCore
import MusterLua

/// `limits { memory = "128M", slice = "100ms" }`: what a hook file asks for beyond the operator's defaults.
enum LimitsReader {
    /// The least that a file can be executed in at all.
    static let least = PolicyLimits(memory: 1 << 20, slice: 5)

    /// The host function by which the prelude checks them where they are written.
    static let check: LuaHostFunction = .function("check_limits") { call throws(MusterError) in
        _ = try limits(call.arguments.first ?? .null)
        return []
    }

    /// Errors: `bad_argument`.
    static func limits(_ value: Value) throws(MusterError) -> (memory: Int64?, slice: Int64?) {
        guard let fields = value.object else { throw wrong("wants a table with names") }
        for key in fields.keys.sorted() where key != "memory" && key != "slice" {
            throw wrong("there is no limit \"\(key)\"", hint: Spelling.nearest(key, ["memory", "slice"]).map { "did you mean \($0)?" })
        }
        return (try memory(fields["memory"] ?? .null), try slice(fields["slice"] ?? .null))
    }

    private static func memory(_ value: Value) throws(MusterError) -> Int64? {
        if value.isNull { return nil }
        guard let bytes = value.int ?? value.string.flatMap({ try? Quantity.bytes($0) }), bytes >= least.memory else {
            throw wrong("memory is \(value.json), not a size of at least 1M")
        }
        return bytes
    }

    private static func slice(_ value: Value) throws(MusterError) -> Int64? {
        if value.isNull { return nil }
        var length = value.string.flatMap { try? Quantity.milliseconds($0) }
        if let seconds = value.double, seconds < 1e9 { length = Int64(seconds * 1000) }
        guard let length, length >= least.slice else { throw wrong("slice is \(value.json), not a time of at least \(least.slice)ms") }
        return length
    }

    private static func wrong(_ message: String, hint: String? = nil) -> MusterError {
        MusterError(.badArgument, "limits: \(message)", hint: hint ?? "limits { memory = \"128M\", slice = \"100ms\" }")
    }

    /// Puts what a file asks for into its declarations. Errors: `bad_argument` for limits said twice or in a module.
    static func put(_ registrations: [LuaRegistration], file: String, into declarations: inout [HookDeclaration]) throws(MusterError) {
        let asked = registrations.filter { $0.name == "limits" }
        for registration in asked { try NeedsReader.refuseOutside(registration, file) }
        guard let first = asked.first else { return }
        guard asked.count == 1 else {
            throw MusterError(.badArgument, "limits stands there twice", hint: "say both in one", place: asked[1].arguments.last?.string)
        }
        let limits = try limits(first.arguments[0])
        for index in declarations.indices {
            declarations[index].memory = limits.memory
            declarations[index].slice = limits.slice
        }
    }

    /// Errors: `not_allowed` when a file asks for more than the operator lets it have.
    static func refuseExcess(_ declarations: [HookDeclaration], _ settings: PolicySettings, file: String) throws {
        guard let declaration = declarations.first else { return }
        if let memory = declaration.memory, memory > settings.most.memory {
            throw MusterError(
                .notAllowed,
                "limits: memory is \(Quantity.people(bytes: memory)), and at most \(Quantity.people(bytes: settings.most.memory)) are allowed",
                hint: "ask for less, or set settings { policy_memory_most = \"\((memory + (1 << 20) - 1) >> 20)M\" } in fleet.lua",
                place: file)
        }
        if let slice = declaration.slice, slice > settings.most.slice {
            throw MusterError(
                .notAllowed, "limits: slice is \(slice) ms, and at most \(settings.most.slice) ms are allowed",
                hint: "ask for less, or set settings { policy_slice_most = \"\(slice)ms\" } in fleet.lua", place: file)
        }
    }
}
