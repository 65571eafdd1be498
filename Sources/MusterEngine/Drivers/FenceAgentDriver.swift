import MusterCore

/// A fence agent's program with its options, the secret ones already looked up.
public struct FenceAgentAccess: Sendable, Hashable {
    /// The program's name, without a path.
    public var program: String
    public var options: [String: String]
    /// The options whose values are never logged, never described.
    public var secrets: [String: Secret]

    public init(program: String, options: [String: String] = [:], secrets: [String: Secret] = [:]) {
        self.program = program
        self.options = options
        self.secrets = secrets
    }
}

/// The code that executes fence agents (ClusterLabs' fence agent API: options as `name=value` lines on standard input).
///
/// Every call may fail with a `MusterError` of the codes `agent_*`; an exit status is never taken for a fact about power.
public protocol FenceAgentDriver: Sendable {
    /// Has the agent switch its machine off, and asks it for the status until that says off. Already off is success. Returns what was
    /// seen, in words, for the evidence. Throws `still_on` when the status does not say off in time.
    func powerOffUntilSeenOff(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws -> String

    /// Has the agent switch its machine on, and asks it for the status until that says on. Already on is success. Throws `still_off` when
    /// the status does not say on in time.
    func powerOn(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws

    /// The power as the agent tells it now; harmless.
    func status(_ agent: FenceAgentAccess) async throws -> Power
}

/// No fence agents: for engines that execute none.
public struct NoFenceAgents: FenceAgentDriver {
    public init() {}

    private static func none(_ agent: FenceAgentAccess) -> MusterError {
        MusterError(
            "no_agent", "this engine executes no fence agents: \(agent.program) was not asked",
            hint: "fence by another rung, or confirm by hand: muster fence NAME --confirm-off")
    }

    public func powerOffUntilSeenOff(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws -> String {
        throw Self.none(agent)
    }

    public func powerOn(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws { throw Self.none(agent) }
    public func status(_ agent: FenceAgentAccess) async throws -> Power { throw Self.none(agent) }
}
