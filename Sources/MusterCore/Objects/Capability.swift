/// What a policy may touch beyond looking, waiting and telling; a hook file declares it: `needs { "power", "storage" }`.
public enum Capability: String, Codable, Sendable, CaseIterable {
    /// Switch machines: fence, power on and off, shut down, boot device; keep them from other runs: reserve.
    case power
    /// Give an image to a machine and take it back: claim, release.
    case storage
    /// Change what servers should do: start, stop.
    case servers
    /// Ask web addresses that the operator's settings allow.
    case http
    /// Execute programs that the operator's settings allow.
    case exec

    /// As people see it in lists, in the order of the declaration.
    public static let names: [String] = allCases.map(\.rawValue)
}

extension MusterError.Code {
    /// What the code or the operator's settings do not allow.
    public static let notAllowed: Self = "not_allowed"
}
