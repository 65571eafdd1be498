/// One way of making sure that a machine can touch nothing any more; a machine's ladder is a list of them, tried in order.
public struct FenceRung: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Switched off by its management controller, and seen off: evidence `off`.
        case bmc
        /// Switched off by a fence agent's program, and seen off: evidence `off`.
        case agent
        /// Destroyed by the hypervisor that it is a guest of, or off with that: evidence `off`.
        case hypervisor
        /// Its image's export cut, and the machine silent since: evidence `revoked`.
        case storage
        /// Its watchdog's lease ran out: evidence `expired`.
        case lease
    }

    public var kind: Kind
    /// The program of an `agent` rung.
    public var agent: FenceAgent?
    /// Milliseconds that this rung may take; nil: the fleet's `fence_timeout`, for `storage` at least three times its `failed_after`.
    public var timeout: Int64?

    public init(_ kind: Kind, agent: FenceAgent? = nil, timeout: Int64? = nil) {
        self.kind = kind
        self.agent = agent
        self.timeout = timeout
    }

    /// The ladder of a host that declares none, and that of a virtual machine.
    public static let standard: [FenceRung] = [FenceRung(.bmc), FenceRung(.storage)]
    public static let standardOfGuests: [FenceRung] = [FenceRung(.hypervisor), FenceRung(.storage)]

    /// What people call it: its kind, and for an agent its program.
    public var name: String { agent?.program ?? kind.rawValue }
}

/// A fence agent: one of the `fence_*` programs of Debian's `fence-agents`, with the options that it gets on its standard input.
public struct FenceAgent: Codable, Sendable, Hashable {
    /// The program's name, without a path: `fence_apc_snmp`.
    public var program: String
    public var options: [String: String]
    /// The options whose values are secrets, with the secrets' names.
    public var secrets: [String: String]

    public init(program: String, options: [String: String] = [:], secrets: [String: String] = [:]) {
        self.program = program
        self.options = options
        self.secrets = secrets
    }

    /// Whether a text may name a fence agent: `fence_` and word characters.
    public static func isName(_ text: String) -> Bool {
        text.hasPrefix("fence_") && text.utf8.count > 6 && text.utf8.count <= 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95 }
    }
}

extension Resource {
    /// The rungs by which it is fenced, in order.
    public var ladder: [FenceRung] { fence ?? (kind == .vm ? FenceRung.standardOfGuests : FenceRung.standard) }
}
