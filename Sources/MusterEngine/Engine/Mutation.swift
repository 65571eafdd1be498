/// Bugs that a test-only build can switch on, one at a time, to show that the simulation finds them. In every other build there is none.
public enum Mutation: String, Sendable, CaseIterable {
    /// A claim is ended without evidence.
    case claimWithoutEvidence
    /// A fence is believed on the controller's word that it took the order.
    case fenceOnCompletionCode
    /// A new claim gets the number of the last one.
    case epochReused
    /// An order that was decided for an earlier incarnation of a machine is carried out.
    case staleOrderObeyed
    /// Evidence that ended one claim stays good for another.
    case evidenceSpentTwice
    /// A machine that shows life leaves the evidence against it as it was.
    case evidenceNotVoided
    /// What an earlier claim left open is not cut before a new export opens.
    case exportNotCut
    /// A server that nobody works for is not called blocked.
    case serverForgotten
    /// Runs that were under way are not taken up again after a start.
    case runForgotten
    /// A controller is not asked whose it is before it switches off.
    case identityUnchecked
    /// An export is believed to be cut that nobody has cut.
    case revokedWithoutCut
    /// What was read of a hypervisor before its guest was last heard is evidence about the guest.
    case guestOffByOldReading
    /// That a hypervisor's export is cut, or its lease ran out, is evidence about its guests.
    case guestOffByOtherEvidence
    /// A guest that was heard after its hypervisor went off is believed to be there all the same.
    case outlivingForgotten
    /// That a hypervisor does not have a guest is evidence about one that was on.
    case guestAbsenceBelieved

    #if MUTATIONS
        /// The one that is switched on. Set before an engine is made, by a process that makes them one after the other.
        nonisolated(unsafe) public static var active: Mutation?
    #endif

    /// Whether it is switched on.
    @inline(__always) var isActive: Bool {
        #if MUTATIONS
            Mutation.active == self
        #else
            false
        #endif
    }
}
