import MusterCore

/// Where turns of an engine are done for somebody who does not wait: the engine's loop, or a simulation's.
public protocol EngineTurns: Sendable {
    /// Does a turn after those that the same caller posted before. `done` is called once its changes are durable, or with the error for
    /// which they never will be.
    func post(_ body: @escaping @Sendable (inout Engine, Now) -> Void, then done: @escaping @Sendable (MusterError?) -> Void)
}

extension EngineTurns {
    /// Does a turn of whose end nobody needs to hear: after a failed commit the engine knows nothing of it.
    public func post(_ body: @escaping @Sendable (inout Engine, Now) -> Void) { post(body, then: { _ in }) }
}
