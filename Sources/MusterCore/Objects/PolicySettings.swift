/// What one policy may use up: a hook file with what it requires.
public struct PolicyLimits: Codable, Sendable, Hashable {
    /// Bytes of its memory.
    public var memory: Int64
    /// Milliseconds of processor time between two steps.
    public var slice: Int64

    public init(memory: Int64 = 64 << 20, slice: Int64 = 50) {
        self.memory = memory
        self.slice = slice
    }
}

/// What the operator lets policies do; `fleet.lua` sets it by `settings { policy_memory = …, allow_http = …, … }`.
public struct PolicySettings: Codable, Sendable, Hashable {
    /// For files that ask for nothing else.
    public var limits = PolicyLimits()
    /// As much as a file may ask for.
    public var most = PolicyLimits(memory: 256 << 20, slice: 1_000)

    public init() {}

    /// The limits of a hook's runs: what its file asks for, as far as it may.
    public func limits(of declaration: HookDeclaration?) -> PolicyLimits {
        PolicyLimits(
            memory: min(declaration?.memory ?? limits.memory, most.memory), slice: min(declaration?.slice ?? limits.slice, most.slice))
    }
}

extension Settings {
    /// What policies may do: the defaults unless the operator says otherwise.
    public var policies: PolicySettings { policy ?? PolicySettings() }
}
