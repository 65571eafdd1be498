import Foundation
import MusterConsole
import MusterCore
import MusterLab
import MusterStore
import Testing

/// A lab of its own with its engine, and the words of the stories that are played on it.
final class Stage: Sendable {
    let lab: Lab
    let engine: LabEngine

    private init(lab: Lab, engine: LabEngine) {
        self.lab = lab
        self.engine = engine
    }

    var shop: Shop { Shop(lab: lab) }
    var client: ConsoleClient { engine.client }

    /// Plays a story in a new lab, with the engine running. Afterwards nothing of the lab is left, however the story ends.
    ///
    /// - Parameters:
    ///   - fleet: changes the text of the lab's `fleet.lua`.
    ///   - hooks: a folder of hook files; nil takes those that come with Muster.
    ///   - watchdogs: whether the machines have one.
    static func play(
        machines: Int, fleet: (String) -> String = { $0 }, hooks: String? = nil, watchdogs: Bool = false,
        _ story: (Stage) async throws -> Void
    ) async throws {
        setenv("MUSTER_SHARE", LabEngine.sources, 1)
        let folder = NSTemporaryDirectory() + "/muster-failover-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let lab = Lab(folder: folder)
        defer { #expect(ProcessScan.commandLines(naming: folder).isEmpty, "processes of the lab are left") }
        defer { #expect(throws: Never.self) { try lab.down() } }
        var options = Lab.Options()
        options.machines = machines
        options.watchdogs = watchdogs
        try lab.up(options)
        let file = folder + "/tested-fleet.lua"
        try fleet(String(contentsOfFile: lab.fleetFile, encoding: .utf8)).write(toFile: file, atomically: true, encoding: .utf8)
        let engine = LabEngine(lab: lab, hooks: hooks ?? LabEngine.sources + "/hooks", fleet: file)
        let stage = Stage(lab: lab, engine: engine)
        do {
            try stage.storeSecrets()
            try await engine.start()
            try await story(stage)
        } catch {
            print(stage.whatToLookAt)
            throw error
        }
    }

    private func storeSecrets() throws {
        let secrets = try SecretStore(stateDirectory: engine.state)
        let password = try String(contentsOfFile: lab.passwordFile, encoding: .utf8)
        for machine in try lab.machines() { try secrets.set("bmc/\(machine.name)", Secret(bytes: Array(password.utf8))) }
    }

    private var whatToLookAt: String {
        func end(_ path: String, _ count: Int) -> String {
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.split(whereSeparator: \.isNewline).suffix(count).map { "    \($0)\n" }.joined()
        }
        return "the engine \(engine.pid.map { "runs as process \($0)" } ?? "does not run"); its log:\n" + end(engine.log, 80)
            + lab.status().machines.map { "the console of \($0.name) (\($0.power.rawValue)):\n" + end($0.console, 15) }.joined()
    }

    // MARK: Asking

    /// All events so far, or those after a number.
    func events(after: EventID = EventID(0)) async throws -> [Event] {
        let answer = try await client.request("events", ["after": .int(after.rawValue), "limit": 10_000])
        return try (answer.array ?? []).map { try $0.decode(Event.self) }
    }

    var lastEvent: EventID {
        get async throws { EventID(try await client.request("status")["last_event"].int ?? 0) }
    }

    /// Waits for an event after a number, of this name and, when given, of this machine.
    @discardableResult
    func event(_ name: String, of machine: String? = nil, after: EventID) async throws -> Event {
        try await eventually("\(name) \(machine ?? "")") {
            try await events(after: after).first { $0.name == name && (machine == nil || $0.resource?.rawValue == machine) }
        }
    }

    func server() async throws -> Value { try await client.request("servers").array?.first ?? .null }

    func resource(_ name: String) async throws -> Value? {
        try await client.request("resources").array?.first { $0["name"].string == name }
    }

    /// The one run of the hook that reacts to an event; its story with all steps, once it has ended.
    func story(of event: Event) async throws -> (run: Run, steps: [Step]) {
        try await eventually("the run for event \(event.id) ends", seconds: 60) {
            let runs = try (try await client.request("runs", ["limit": 1000]).array ?? []).map { try $0.decode(Run.self) }
            let found = runs.filter { $0.cause == .event(event.id) }
            guard found.count == 1, !found[0].status.isLive else { return nil }
            let story = try await client.request("run", ["id": .int(found[0].id.rawValue)])
            let steps = try (story["steps"].array ?? []).map { try $0.decode(Step.self) }
            return (try story["run"].decode(Run.self), steps.sorted { ($0.sequence ?? .max) < ($1.sequence ?? .max) })
        }
    }

    /// The steps so far of the run that reacts to an event.
    func liveSteps(of event: Event) async throws -> [Step] {
        let runs = try (try await client.request("runs", ["limit": 1000]).array ?? []).map { try $0.decode(Run.self) }
        guard let run = runs.first(where: { $0.cause == .event(event.id) }) else { return [] }
        let story = try await client.request("run", ["id": .int(run.id.rawValue)])
        return try (story["steps"].array ?? []).map { try $0.decode(Step.self) }
    }

    // MARK: Doing

    /// What the command line says to an operator. Errors: `program_failed` with its words.
    func muster(_ words: String...) async throws -> String { try await muster(words) }

    func muster(_ words: [String]) async throws -> String {
        let result = try lab.run([LabEngine.program] + words + ["--socket", client.socketPath])
        guard result.status == 0 else { throw MusterError("program_failed", "muster \(words.joined(separator: " ")): \(result.errors)") }
        return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts `shop`, and returns its machine's name once it answers.
    func startShop() async throws -> String {
        let before = try await lastEvent
        _ = try await client.request("server.start", ["name": "shop"])
        let running = try await event("server.running", after: before)
        _ = try await eventually("shop answers") { try shop.orders() }
        return try #require(running.resource?.rawValue)
    }

    func place(_ orders: String...) throws {
        for order in orders { #expect(try shop.order(order), "the shop did not take \(order)") }
    }

    /// Waits until the shop answers, and compares what it has with what it took.
    func expectOrders(_ orders: String...) async throws {
        let found = try await eventually("shop answers") { try shop.orders() }
        #expect(found == orders)
    }
}

extension [Event] {
    /// The epochs that events of one name tell, in their order.
    func epochs(of name: String) -> [Int64] { filter { $0.name == name }.compactMap { $0.data["epoch"]?.int } }

    func count(_ name: String) -> Int { filter { $0.name == name }.count }
}

extension Stage {
    /// The truth of a machine's process.
    func power(of machine: String) -> Power { lab.status().machines.first { $0.name == machine }?.power ?? .unknown }
}
