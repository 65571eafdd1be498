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
    /// The web addresses under which `http.get` and `http.post` may ask.
    public var allowHTTP: [WebAddress] = []
    /// The programs that `exec` may execute beside the engine, by absolute path.
    public var allowExec: [String] = []
    /// The secrets that requests may carry: names, or with a `/` at the end everything under it.
    public var allowSecrets: [String] = []
    /// How `exec` reaches machines; nil: not at all.
    public var execOn: RemoteAccess?

    public init() {}

    /// Whether a request may carry a secret.
    public func allows(secret name: String) -> Bool {
        allowSecrets.contains { $0 == name || $0.hasSuffix("/") && name.hasPrefix($0) }
    }

    /// The limits of a hook's runs: what its file asks for, as far as it may.
    public func limits(of declaration: HookDeclaration?) -> PolicyLimits {
        PolicyLimits(
            memory: min(declaration?.memory ?? limits.memory, most.memory), slice: min(declaration?.slice ?? limits.slice, most.slice))
    }
}

/// How programs are executed on machines: by OpenSSH's client.
public struct RemoteAccess: Codable, Sendable, Hashable {
    public var user: String
    /// The file with the private key.
    public var key: String
    /// The file with the machines' host keys; a machine that is not in it is refused.
    public var knownHosts: String
    public var port: Int
    /// The programs that may be executed there, by absolute path.
    public var allow: [String]

    public init(user: String, key: String, knownHosts: String, port: Int = 22, allow: [String]) {
        self.user = user
        self.key = key
        self.knownHosts = knownHosts
        self.port = port
        self.allow = allow
    }
}

extension Settings {
    /// What policies may do: the defaults unless the operator says otherwise.
    public var policies: PolicySettings { policy ?? PolicySettings() }
}
