import MusterCore

/// Something that `muster test` runs: a file of Lua tests, a scenario.
public protocol TestItem: Sendable {
    /// The path by which it was found.
    var path: String { get }

    /// The tests in it, in their order, without running them. Errors: what is wrong with the files.
    func list(_ settings: TestSettings) throws -> [TestName]

    /// Runs its tests on the caller's thread, one after the other. Files that are broken are a result too.
    func run(_ settings: TestSettings) -> [TestResult]
}

/// What holds for all tests of a run.
public struct TestSettings: Sendable {
    /// The folder of the standard library.
    public var library: String
    /// Only tests whose whole name contains this text, whatever its case; nil: all.
    public var filter: String?
    /// For tests that name no seed of their own.
    public var seed: UInt64 = 1
    /// Counts the executed lines of policies; nil: nobody asks.
    public var coverage: CoverageBook?
    public var limits = TestLimits()

    public init(library: String) { self.library = library }

    public func includes(_ name: TestName) -> Bool { filter.map { name.whole.lowercased().contains($0.lowercased()) } ?? true }
}

/// What one test may use up.
public struct TestLimits: Sendable {
    /// Lua instructions of the test itself; its hooks have their own.
    public var instructions: Int64 = 100_000_000
    /// Virtual milliseconds, unless the test says `sim.limit`.
    public var virtualTime: Int64 = 24 * 3_600_000
    /// Bytes of Lua's heap.
    public var memory = 128 << 20

    public init() {}
}

/// A test by its file and name.
public struct TestName: Sendable, Hashable {
    /// The path of its item.
    public var item: String
    /// The names of the `describe`s around it, the outer first.
    public var groups: [String]
    public var name: String
    /// `file:line`.
    public var place: String?

    public init(item: String, groups: [String] = [], name: String, place: String? = nil) {
        self.item = item
        self.groups = groups
        self.name = name
        self.place = place
    }

    /// Its name with those of its groups.
    public var whole: String { (groups + [name]).joined(separator: " ") }
}

/// How a test came out.
public struct TestResult: Sendable {
    public enum Outcome: Sendable {
        case passed
        case failed(TestFailure)
        /// It was not run, and why.
        case pending(String)
        /// Its file cannot be used.
        case broken(MusterError)
    }

    public var name: TestName
    public var outcome: Outcome
    /// Real seconds.
    public var seconds = 0.0
    /// Virtual milliseconds of its fleet.
    public var virtual: Int64 = 0
    /// What it printed.
    public var output: [String] = []

    public init(name: TestName, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }
}

/// Why a test failed, and what had happened in its fleet.
public struct TestFailure: Sendable {
    public var error: MusterError
    /// What went wrong besides: in `after_each`, or a broken rule of safety.
    public var others: [MusterError] = []
    /// The fleet's story, as lines.
    public var story: [String] = []

    public init(_ error: MusterError) { self.error = error }
}
