import MusterCore

/// The code that sees whether a server does its work.
public protocol ReadinessProbe: Sendable {
    /// One try of the check; throws `not_ready` with what was seen instead.
    func probe(_ check: ReadinessCheck) async throws
}
