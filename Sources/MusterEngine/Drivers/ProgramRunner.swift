import MusterCore

/// A program to be executed, without a shell.
public struct ProgramRequest: Sendable, Hashable {
    /// Where a machine's SSH server answers, and as whom.
    public struct Remote: Sendable, Hashable {
        public var address: String
        public var access: RemoteAccess

        public init(address: String, access: RemoteAccess) {
            self.address = address
            self.access = access
        }
    }

    /// The absolute path.
    public var program: String
    public var arguments: [String]
    /// Its standard input; nil: none.
    public var input: String?
    /// Milliseconds until it is killed with everything that it started.
    public var timeout: Int64 = 30_000
    /// Bytes of output and of errors beyond which they are cut off.
    public var most: Int = 1 << 20
    /// The machine to execute it on; nil: beside the engine.
    public var remote: Remote?

    public init(program: String, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }
}

/// How a program ended.
public struct ProgramResult: Sendable, Hashable {
    /// Its exit status; 128 and the signal's number when a signal ended it.
    public var code: Int
    public var output: String
    public var errors: String
    /// Whether output or errors were longer than allowed.
    public var isCut: Bool

    public init(code: Int, output: String, errors: String, isCut: Bool = false) {
        self.code = code
        self.output = output
        self.errors = errors
        self.isCut = isCut
    }
}

/// The code that executes programs.
public protocol ProgramRunner: Sendable {
    /// Executes a program to its end and returns how it ended, whatever its status. Nothing that it started stays behind.
    ///
    /// - Throws: `exec_failed` when it cannot be started or the machine not reached, `timeout` when it was killed.
    func run(_ request: ProgramRequest) async throws -> ProgramResult
}

/// No programs: for engines whose scripts execute none.
public struct NoProgramRunner: ProgramRunner {
    public init() {}
    public func run(_ request: ProgramRequest) async throws -> ProgramResult {
        throw MusterError("exec_failed", "this engine executes no programs")
    }
}
