/// Where policies execute.
public enum PolicyPlace: Sendable {
    /// Each on a thread of its own, with slices of processor time.
    case threads
    /// On the thread that calls, which must be one at a time, with slices of counted instructions: a simulation, which comes out the
    /// same on every machine.
    case inline

    /// What a slice's millisecond is worth where instructions are counted: about what a machine of today executes in one.
    static let instructionsPerMillisecond = 50_000
}
