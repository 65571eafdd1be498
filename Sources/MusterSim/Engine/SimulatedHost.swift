import MusterCore
import MusterEngine

/// The scripting side of a simulated engine: what executes runs at once on the caller's thread, and the hooks that it has loaded.
public struct SimulatedHost {
    public var runs: any RunHost
    /// Reads the hook files under the settings that hold: each file's code with the hooks that it registers.
    public var load: (PolicySettings) throws -> [(code: CodeBundle, hooks: [HookDeclaration])]

    public init(runs: any RunHost, load: @escaping (PolicySettings) throws -> [(code: CodeBundle, hooks: [HookDeclaration])]) {
        self.runs = runs
        self.load = load
    }

    /// Makes the scripting side of an engine that starts.
    public typealias Maker = (any EngineTurns) throws -> SimulatedHost
}
