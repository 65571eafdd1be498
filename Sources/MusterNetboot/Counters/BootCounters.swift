/// What the boot service received, answered, left unanswered, and could not read, since it was made.
public struct BootCounters: Codable, Sendable, Hashable {
    public enum Network: String, Codable, Sendable, CaseIterable { case dhcp, tftp, http, router }

    public struct Counts: Codable, Sendable, Hashable {
        /// Packets or requests that arrived, the malformed ones included.
        public var received = 0
        /// Answers sent.
        public var answered = 0
        /// Well-formed, yet not answered, by reason.
        public var ignored: [String: Int] = [:]
        /// Not readable, by kind.
        public var malformed: [String: Int] = [:]

        public init() {}
    }

    public var dhcp = Counts()
    public var tftp = Counts()
    public var http = Counts()
    /// IPv6 router solicitations and advertisements.
    public var router = Counts()

    public init() {}

    subscript(network: Network) -> Counts {
        get {
            switch network {
            case .dhcp: dhcp
            case .tftp: tftp
            case .http: http
            case .router: router
            }
        }
        set {
            switch network {
            case .dhcp: dhcp = newValue
            case .tftp: tftp = newValue
            case .http: http = newValue
            case .router: router = newValue
            }
        }
    }
}
