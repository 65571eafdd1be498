import MusterLua

/// Where policies execute.
public enum PolicyPlace: Sendable {
    /// Each on a thread of its own, with slices of processor time.
    case threads
    /// On the thread that calls, which must be one at a time, with slices of counted instructions: a simulation, which comes out the
    /// same on every machine.
    case inline
    /// The same, and the lines that are executed are counted.
    case covered(LuaCoverage)

    var isInline: Bool { if case .threads = self { false } else { true } }
    var coverage: LuaCoverage? { if case .covered(let coverage) = self { coverage } else { nil } }

    /// What a slice's millisecond is worth where instructions are counted: about what a machine of today executes in one.
    static let instructionsPerMillisecond = 50_000
}
