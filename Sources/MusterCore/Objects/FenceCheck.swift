/// What a check of a machine's fence ladder found, without harm to the machine.
public struct FenceCheck: Codable, Sendable, Hashable {
    /// One rung of it.
    public struct Rung: Codable, Sendable, Hashable {
        public enum State: String, Codable, Sendable {
            /// It would work now.
            case works
            case fails
            /// It does not apply to this machine.
            case absent
        }

        /// The rung's word, or its agent's program.
        public var rung: String
        public var state: State
        /// What was seen, or why it does not work.
        public var detail: String
        /// What to do about one that fails.
        public var hint: String?

        public init(rung: String, state: State, detail: String, hint: String? = nil) {
            self.rung = rung
            self.state = state
            self.detail = detail
            self.hint = hint
        }
    }

    /// Since when checks have found this.
    public var at: Timestamp
    /// In the order of the ladder.
    public var rungs: [Rung]

    /// Whether any rung would work.
    public var isReady: Bool { rungs.contains { $0.state == .works } }

    public init(at: Timestamp, rungs: [Rung]) {
        self.at = at
        self.rungs = rungs
    }
}
