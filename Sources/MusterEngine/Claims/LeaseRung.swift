import MusterCore

// The rung `lease`: a machine feeds its watchdog only on acknowledged heartbeats, so that it resets when nobody acknowledges any more.
extension Engine {
    /// Why the lease of a machine's watchdog cannot be waited for; nil when it can. A machine that never reported a lease has none that
    /// could run out.
    func leaseObjection(_ resource: Resource, epoch: Epoch?) -> String? {
        "no watchdog lease was reported"
    }
}
