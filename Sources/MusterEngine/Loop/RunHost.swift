import MusterCore

/// Where runs execute: the scripting side of the engine. Calls return at once.
public protocol RunHost: Sendable {
    /// Executes a run from its start; steps that its journal has done return what they returned.
    func start(_ run: Run, code: CodeBundle, journal: [Step])
    /// Gives a step's outcome to the run that waits for it. An error whose code is `cancelled`, `diverged`, `step_limit` or
    /// `journal_limit` is none that the script may catch: it unwinds the run.
    func resume(_ run: RunID, address: String, outcome: Step.Outcome)
    /// Drops one run without a word: it starts again from its journal when the engine says so.
    func drop(_ run: RunID)
    /// Drops every run without a word: the engine starts them again from their journals.
    func dropAll()
    /// Asks the hooks of a question, each for as long as an answer may take. A hook that fails or is late is an answer with an error.
    func decide(_ question: Question, then answer: @escaping @Sendable (Decision) -> Void)
}

extension RunHost {
    /// Nobody has an opinion.
    public func decide(_ question: Question, then answer: @escaping @Sendable (Decision) -> Void) { answer(Decision()) }
}

/// Looks up secrets by name. Errors: `no_secret`.
public protocol SecretSource: Sendable {
    func secret(_ name: String) async throws -> Secret
}

/// The drivers of one engine.
public struct Drivers: Sendable {
    public var power: any PowerDriver
    public var fenceAgents: any FenceAgentDriver
    public var hypervisors: any HypervisorDriver
    public var exports: any ExportDriver
    public var readiness: any ReadinessProbe
    public var secrets: any SecretSource
    public var http: any HTTPClient
    public var programs: any ProgramRunner

    public init(
        power: any PowerDriver, exports: any ExportDriver, readiness: any ReadinessProbe, secrets: any SecretSource,
        http: any HTTPClient = NoHTTPClient(), programs: any ProgramRunner = NoProgramRunner(),
        fenceAgents: any FenceAgentDriver = NoFenceAgents(),
        hypervisors: any HypervisorDriver = NoHypervisors()
    ) {
        self.http = http
        self.fenceAgents = fenceAgents
        self.hypervisors = hypervisors
        self.programs = programs
        self.power = power
        self.exports = exports
        self.readiness = readiness
        self.secrets = secrets
    }
}
