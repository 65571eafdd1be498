import ArgumentParser
import Foundation
import MusterCore
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

struct SimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim", abstract: "Lets a simulated fleet live through a bad day, with the real engine and your hooks.",
        discussion: """
            With --scenario DIR it plays one scenario and prints its log; --record makes that the one that is expected. With --record \
            INCIDENT it makes a scenario, in a folder of that name, of what happened to a real fleet, to be played and changed. Otherwise it throws random faults at a fleet and checks the rules of safety after every event: a broken one \
            prints its seed, the fewest faults that show it, and the story. The same seed gives the same bytes.
            """)

    @Option(help: ArgumentHelp("Plays the scenario in this folder.", valueName: "dir")) var scenario: String?
    @Flag(help: "Keeps: a scenario's log as the one that is expected, or an incident as a scenario.") var record = false
    @Argument(help: "With --record: the folder for the scenario that the running engine's events make.") var incident: String?
    @Option(help: ArgumentHelp("The fleet file.", valueName: "file")) var fleet: String?
    @Option(help: ArgumentHelp("The folder of hook files.", valueName: "dir")) var hooks: String?
    @Option(help: "The folder of the standard library.") var library: String?
    @Option(help: "Where the dice begin.") var seed: UInt64 = 1
    @Option(help: "So many trials, with one seed after the other.") var seeds: UInt64 = 1
    @Option(help: "Without --fleet: so many hosts, and half as many servers.") var hosts = 10
    @Option(help: "Virtual hours in which faults happen; another half comes after them.") var hours = 1.0
    @Option(help: ArgumentHelp("Only these kinds of faults, with commas between them.", valueName: "list")) var faults: String?
    @Option(help: "So many faults in a trial.") var count: Int?
    @Option(help: "Trials at the same time.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Flag(inversion: .prefixedNo, help: "Look for the fewest faults that break the rule.") var shrink = true
    @Option(help: ArgumentHelp("With --record: events from a file that muster events --json wrote.", valueName: "file")) var events: String?
    @Option(help: ArgumentHelp("With --record: only events after this number.", valueName: "id")) var after: Int64 = 0
    @OptionGroup var engine: EngineOptions

    func validate() throws {
        guard seeds > 0, (1...100_000).contains(hosts), hours > 0, hours <= 10_000, jobs > 0, (count ?? 0) >= 0 else {
            throw ValidationError("--seeds, --jobs and --hours are more than 0, --hosts 1 to 100000, --count at least 0")
        }
        if scenario != nil, incident != nil { throw ValidationError("--scenario plays one, --record INCIDENT makes one: not both") }
        if record != (scenario != nil && record || incident != nil) {
            throw ValidationError(
                "--record goes with --scenario DIR, or with the folder of an incident: muster sim --record INCIDENT --fleet fleet.lua")
        }
        if incident != nil, fleet == nil { throw ValidationError("--record wants the fleet file too: --fleet fleet.lua") }
        _ = try kinds()
    }

    func run() async throws {
        let sources = SourceFolders(hooks: hooks ?? DefaultPaths.folder("hooks"), library: try library ?? DefaultPaths.library())
        if let scenario { return try play(Scenario(folder: scenario, sources: sources)) }
        if let incident { return try await make(incident) }
        try await Trials(command: self, fleet: try trialFleet(), kinds: try kinds(), sources: sources).run()
    }

    private func kinds() throws -> [Fault.Kind]? {
        guard let faults else { return nil }
        return try faults.split(separator: ",").map { name in
            guard let kind = Fault.Kind(rawValue: String(name)) else {
                throw ValidationError("there is no fault \"\(name)\": " + Fault.Kind.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return kind
        }
    }

    private func trialFleet() throws -> FleetDeclaration { try fleet.map(Proving.fleet) ?? Proving.fleet(hosts: hosts) }

    // MARK: Scenarios

    private func play(_ scenario: Scenario) throws {
        let simulation = try scenario.play()
        if record { try scenario.record(simulation) }
        engine.show.value(try simulation.value()) { simulation.log.split(separator: "\n").map(String.init) }
        if !simulation.story.violations.isEmpty { throw ExitCode(ExitStatus.failed) }
    }

    private func make(_ folder: String) async throws {
        let incident = try Incident(try await past(), running: try await running())
        guard let fleet, let text = FileManager.default.contents(atPath: fleet) else {
            throw MusterError(.badFleet, "cannot read \(fleet ?? "")", hint: "check the path and its mode", place: fleet)
        }
        guard !Scenario.isScenario(folder) else {
            throw MusterError("file_exists", "\(folder) is a scenario already", hint: "name another folder")
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let readme = "What happened to the fleet, from its engine's events.\n" + incident.notes.map { "- \($0)\n" }.joined()
        try Data(readme.utf8).write(to: URL(fileURLWithPath: folder + "/README"))
        try text.write(to: URL(fileURLWithPath: folder + "/fleet.lua"))
        try Data(incident.script.text.utf8).write(to: URL(fileURLWithPath: folder + "/script"))
        Screen.out.line("\(folder): \(incident.script.lines.count) lines of script. Play it: muster sim --scenario \(folder)")
        incident.notes.forEach { Screen.out.line("note: \($0)") }
    }

    /// The servers that run now; none when the events come from a file.
    private func running() async throws -> [String] {
        if events != nil { return [] }
        let servers = try await engine.client.request("servers").array ?? []
        return servers.filter { $0["target"].string == "running" }.compactMap { $0["name"].string }
    }

    private func past() async throws -> [Event] {
        if let events {
            guard let data = FileManager.default.contents(atPath: events) else {
                throw MusterError(
                    .notFound, "cannot read \(events)", hint: "muster events --json --limit 100000 > \(events)", place: events)
            }
            return try Value(json: String(decoding: data, as: UTF8.self)).decode([Event].self)
        }
        return try await engine.client.request("events", ["after": .int(after), "limit": 100_000]).decode([Event].self)
    }
}
