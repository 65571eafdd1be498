import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim
import Testing

/// A small fleet with the shipped hooks, under virtual time: the real engine, loop and scripts on simulated machines.
final class Scene: Sendable {
    let time: VirtualTime
    let store: MemoryStore
    let fleet: SimulatedFleet
    let loop: EngineLoop
    let scripting: Scripting

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let fleetFile = """
        settings { quiet_time = "2s" }
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        for i = 1, 3 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "256M", cpus = 1,
            bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        image "shop" { path = "/dev/null" }
        server "shop" { image = "shop", memory = "128M", address = "10.77.0.100/24", ready = { http = "http://10.77.0.100/" } }
        """

    /// - Parameter hooks: The folder of hook files; the shipped ones unless told otherwise, none when empty.
    init(
        store: MemoryStore = MemoryStore(), fleet: SimulatedFleet = SimulatedFleet(), time: VirtualTime = VirtualTime(),
        hooks: String? = Scene.root + "/hooks", http: any HTTPClient = NoHTTPClient(), programs: any ProgramRunner = NoProgramRunner(),
        report: @escaping @Sendable (MusterError) -> Void = { Issue.record("\($0)") }
    ) async throws {
        self.store = store
        self.fleet = fleet
        self.time = time
        for number in 1...3 where fleet.machine("bmc\(number)") == nil {
            fleet.add(
                "bmc\(number)", mac: try #require(MACAddress("52:54:00:77:00:0\(number)")),
                uuid: "00000000-0000-0000-0000-00000000000\(number)")
        }
        loop = try await EngineLoop(
            store: store, drivers: Drivers(power: fleet, exports: fleet, readiness: fleet, secrets: fleet, http: http, programs: programs),
            time: time)
        scripting = Scripting(
            loop: loop, folders: SourceFolders(hooks: hooks, library: Scene.root + "/stdlib"), secretExists: { _ in true },
            report: report)
        await loop.connect(scripting.executor)
        try await scripting.hooks.refresh()
        try await loop.turn { engine, now in engine.resumeRuns(now: now) }
    }

    func apply(_ text: String = Scene.fleetFile) async throws {
        let fleet = try await scripting.fleet(source: text, file: "fleet.lua")
        _ = try await loop.turn { engine, now in try engine.apply(fleet, now: now) }
    }

    /// Lets virtual time pass in steps of 250 ms until `condition` holds. Real time is given to drivers and scripts in between, as much as
    /// they need; only the virtual limit fails.
    func run(_ limit: Int64 = 120_000, until condition: (Engine) -> Bool) async throws {
        var passed: Int64 = 0
        while passed < limit {
            if condition(try await engine()) { return }
            time.advance(milliseconds: 250)
            passed += 250
            try await fleet.live(milliseconds: 250, loop)
            try await loop.turn { engine, now in engine.tick(now: now) }
            try await settle()
        }
        let servers = try await engine().world.servers.values.map { "\($0)" }
        for run in try await store.runs(limit: 10) {
            for step in try await store.steps(of: run.id) { print(run.id, run.hook, step.address, step.name, step.outcome as Any) }
        }
        Issue.record("not within \(limit) virtual ms; events: \(try await eventNames()); servers: \(servers)")
    }

    func run(for milliseconds: Int64) async throws {
        var passed: Int64 = 0
        while passed < milliseconds {
            passed += 250
            time.advance(milliseconds: 250)
            try await fleet.live(milliseconds: 250, loop)
            try await loop.turn { engine, now in engine.tick(now: now) }
            try await settle()
        }
    }

    /// Waits until drivers and scripts have nothing to do but wait for time to pass: the store has not changed for a while.
    private func settle() async throws {
        var last = -1
        var calm = 0
        while calm < 3 {
            try await Task.sleep(for: .milliseconds(2))
            let commits = store.commits
            calm = commits == last ? calm + 1 : 0
            last = commits
        }
    }

    func engine() async throws -> Engine { try await loop.turn { engine, _ in engine } }
    func events() async throws -> [Event] { try await store.events(after: EventID(0), limit: 100_000) }
    func eventNames() async throws -> [String] { try await events().map { "\($0.name) \($0.resource?.rawValue ?? "")" } }

    func startShop() async throws {
        try await loop.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        try await run { $0.state(of: ServerID("shop")) == .running }
    }
}

extension Engine {
    func state(of id: ServerID) -> ServerState? { world.servers[id].flatMap { server in serverState(server) } }
    private func serverState(_ server: Server) -> ServerState? {
        guard case .array(let values) = serverValues else { return nil }
        let name = values.first { $0["name"].string == server.id.rawValue }?["state"].string
        return name.flatMap(ServerState.init(rawValue:))
    }
    func host(of id: ServerID) -> ResourceID? { world.aliveClaim(of: id)?.resource }
}
