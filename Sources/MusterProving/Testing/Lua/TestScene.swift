import MusterCore
import MusterEngine
import MusterLua
import MusterScripting
import MusterSim

/// The fleet of one test: what was said of it, and its simulation once it has begun. Used by one thread at a time.
final class TestScene {
    private let sources: TestSources
    private let place: PolicyPlace
    private var fleet: LuaTestSetting?
    private var hooks: LuaTestSetting?
    private var seed: UInt64
    private(set) var limit: Int64
    private var answers: [LuaTestSetting] = []
    private(set) var simulation: Simulation?
    private var hookError: MusterError?
    /// Where the policies' sources are, by the names under which Lua shows them.
    private(set) var paths: [String: String] = [:]
    /// What the test printed.
    var output: [String] = []

    init(_ sources: TestSources, _ settings: TestSettings, coverage: LuaCoverage?) {
        self.sources = sources
        place = coverage.map { .covered($0) } ?? .inline
        seed = settings.seed
        limit = settings.limits.virtualTime
    }

    deinit { simulation?.end() }

    // MARK: Before it begins

    /// Errors: `bad_argument`; `wrong_state` for what cannot change any more.
    func set(_ setting: LuaTestSetting) throws {
        switch setting.name {
        case "fleet": fleet = try early(setting)
        case "hooks": hooks = try early(setting)
        case "seed": seed = UInt64(bitPattern: try early(setting).values.first?.int ?? 0)
        case "limit": limit = try TestTime.milliseconds(setting.values.first ?? .null, "sim.limit")
        default:
            if let simulation { try OutsideAnswers.prepare(setting, simulation.machines.outside) } else { answers.append(setting) }
        }
    }

    private func early(_ setting: LuaTestSetting) throws -> LuaTestSetting {
        guard simulation == nil else {
            throw MusterError(
                .wrongState, "the fleet of this test is there already", hint: "say \(setting.name) before anything that happens to it",
                place: setting.place)
        }
        return setting
    }

    /// Starts the engine on machines that are off. Errors: what is wrong with fleet and hooks.
    func begin() throws {
        guard simulation == nil else { return }
        guard let fleet else {
            throw MusterError(
                .badFleet, "the test has no fleet", hint: "fleet \"fleet.lua\" at the file's top level, or fleet [[ host … ]]")
        }
        let declared = try sources.fleet(fleet)
        let files = try hooks.map { try sources.hooks($0) } ?? []
        for file in files { paths.merge(file.paths) { known, _ in known } }
        let simulation = Simulation(fleet: declared, seed: seed, makeHost: maker(files.map(\.bundle)))
        self.simulation = simulation
        for answer in answers { try OutsideAnswers.prepare(answer, simulation.machines.outside) }
        try simulation.start()
        if let hookError { throw hookError }
    }

    private func maker(_ bundles: [CodeBundle]) -> SimulatedHost.Maker {
        { [place, weak self] turns in
            let executor = RunExecutor(engine: turns, place: place, report: { _ in })
            return SimulatedHost(runs: executor) { settings in
                do { return try executor.loadInline(bundles, settings) } catch {
                    self?.hookError = MusterError(unexpected: error)
                    throw error
                }
            }
        }
    }

    /// Errors: `wrong_state` when nobody has begun it.
    func begun() throws(MusterError) -> Simulation {
        guard let simulation else { throw MusterError(.wrongState, "the fleet of this test has not begun", hint: "sim.start()") }
        return simulation
    }

    /// Finds a module that the test requires.
    func module(_ name: String) throws(MusterError) -> LuaSource? {
        guard let (source, path) = try sources.module(name) else { return nil }
        paths[source.name] = path
        return source
    }

    // MARK: Time

    /// Lets time pass. Errors: `time_limit`.
    func run(_ milliseconds: Int64) throws(MusterError) {
        let simulation = try begun()
        let room = limit - simulation.elapsed
        simulation.run(min(milliseconds, room))
        if milliseconds > room { throw outOfTime }
    }

    /// Lets time pass until something was recorded, and not past a time. Answers whether there is time left. Errors: `time_limit`.
    func step(until deadline: Int64) throws(MusterError) -> Bool {
        let simulation = try begun()
        let end = min(deadline, limit)
        let (commits, entries) = (simulation.engine.store.commits, simulation.story.entries.count)
        simulation.run(end - simulation.elapsed) {
            simulation.engine.store.commits != commits || simulation.story.entries.count != entries
        }
        if simulation.elapsed >= limit, limit < deadline { throw outOfTime }
        return simulation.elapsed < deadline
    }

    private var outOfTime: MusterError {
        MusterError(
            .timeLimit, "the test has lasted \(Quantity.people(milliseconds: limit)) of its fleet's time",
            hint: "look for a loop that waits for what never comes, or say sim.limit \"7d\"")
    }
}

extension MusterError.Code {
    /// The test used up its virtual time.
    static let timeLimit: Self = "time_limit"
}

enum TestTime {
    /// `"30s"` or a number of seconds. Errors: `bad_argument`.
    static func milliseconds(_ value: Value, _ call: String) throws(MusterError) -> Int64 {
        if let text = value.string, let length = try? Quantity.milliseconds(text) { return length }
        if let seconds = value.double, (0..<1e9).contains(seconds) { return Int64((seconds * 1_000).rounded()) }
        throw MusterError(
            .badArgument, "\(call): \(value.isNull ? "the time is missing" : "\(value.json) is no length of time")",
            hint: "write \"30s\", \"5m\" or a number of seconds")
    }
}
