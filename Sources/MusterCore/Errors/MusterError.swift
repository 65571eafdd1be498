/// What went wrong, for a person and for a program: a stable code, a sentence, what to do about it, and where.
public struct MusterError: Error, Codable, Sendable, Hashable {
    /// A stable word that programs and scripts compare (`claim_alive`, `stale`, `bmc_password`).
    public struct Code: RawRepresentable, Codable, Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
        public let rawValue: String
        public var description: String { rawValue }
        public init(rawValue: String) { self.rawValue = rawValue }
        public init(stringLiteral value: String) { rawValue = value }
    }

    public var code: Code
    public var message: String
    /// What the reader can do now.
    public var hint: String?
    /// `file:line` of the script or declaration concerned.
    public var place: String?
    /// The resource, server or image concerned.
    public var subject: String?
    /// The script's call stack, innermost first.
    public var traceback: String?

    public init(
        _ code: Code, _ message: String, hint: String? = nil, place: String? = nil, subject: String? = nil,
        traceback: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place
        self.subject = subject
        self.traceback = traceback
    }
}

extension MusterError: CustomStringConvertible {
    /// One line: `place: message [code]`, and the hint on a second.
    public var description: String {
        let head = (place.map { "\($0): " } ?? "") + "\(message) [\(code.rawValue)]"
        return hint.map { "\(head)\n  hint: \($0)" } ?? head
    }
}
