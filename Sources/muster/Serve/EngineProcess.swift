import Foundation
import Logging
import MusterConsole
import MusterCore
import MusterDrivers
import MusterEngine
import MusterScripting
import MusterStore

/// All parts of one running engine, wired together.
final class EngineProcess: Sendable {
    struct Options: Sendable {
        var state: String
        var socket: String
        var hooks: String?
        var library: String
        var fleet: String?
        /// Bytes kept for a full disk.
        var reserve: Int64 = 16 << 20
    }

    private let options: Options
    private let logger: Logger
    /// Held open: it is locked while this process lives.
    private let directory: StateDirectory
    private let loop: EngineLoop
    private let scripting: Scripting
    private let exports: NBDExportDriver
    private let boot: BootSupervisor
    private let complaints = Complaints()

    init(options: Options, logger: Logger) async throws {
        self.options = options
        self.logger = logger
        directory = try StateDirectory(options.state)
        let store = try SQLiteStore(path: directory.database, reserve: options.reserve)
        let secrets = try SecretStore(stateDirectory: options.state)
        exports = NBDExportDriver(directory: directory.exports)
        loop = try await EngineLoop(
            store: store,
            drivers: Drivers(
                power: IPMIDriver(), exports: exports, readiness: SystemReadinessProbe(), secrets: secrets, http: URLSessionClient(),
                // A fence waits for no script's programs.
                programs: SystemProgramRunner(), fenceAgents: ProgramFenceAgents(runner: SystemProgramRunner())))
        scripting = Scripting(
            loop: loop, folders: SourceFolders(hooks: options.hooks, library: options.library),
            secretExists: { name in (try? secrets.names())?.contains(name) ?? false },
            report: { logger.error("\($0)") })
        boot = BootSupervisor(loop: loop, logger: logger)
    }

    /// Runs until SIGTERM or SIGINT. Exports and machines stay as they are.
    func run() async throws {
        let log = EventLog()
        _ = await loop.observe { events in events.forEach(log.write) }
        await loop.connect(scripting.executor)
        // The hooks first: a server that the fleet declares running is an event that they must hear.
        try await scripting.hooks.refresh()
        try await loop.turn { engine, now in engine.resumeRuns(now: now) }
        try await applyFleet()
        let control = Control(loop: loop, scripts: scripting, extras: { [self] in await extras() })
        let console = ConsoleServer(control: control, socketPath: options.socket, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await console.run() }
            group.addTask { [self] in try await tick() }
            group.addTask { [self] in try await keepHouse() }
            group.addTask { [self] in try await forgetHistory() }
            group.addTask { try await Signals.wait() }
            // The first to end, a signal or a failure, ends the process.
            do {
                _ = try await group.next()
            } catch {
                group.cancelAll()
                await boot.stop()
                throw error
            }
            group.cancelAll()
            await boot.stop()
        }
    }

    /// A fleet that is wrong leaves the running one as it was; with none running yet there is nothing to go on with.
    private func applyFleet() async throws {
        guard let file = options.fleet else { return }
        do {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw MusterError(.badFleet, "cannot read \(file)", hint: "check the path and its mode", place: file)
            }
            let fleet = try await scripting.fleet(source: String(decoding: data, as: UTF8.self), file: file)
            let differences = try await loop.turn { engine, now in try engine.apply(fleet, now: now) }
            logger.info("\(file): \(differences.count) differences applied")
            let guests = fleet.resources.count { $0.object.hypervisor != nil }
            if guests > 0 { logger.warning("\(MusterError.noDriver(forGuests: guests))") }
        } catch let error as MusterError {
            let isEmpty = try await loop.turn { engine, _ in engine.world.resources.isEmpty }
            if isEmpty { throw error }
            logger.error("\(error)")
            logger.error("the fleet stays as it was")
            try await loop.turn { engine, now in
                engine.note("fleet.rejected", data: ["message": .string(error.message)], now: now)
            }
        }
    }

    private func extras() async -> Fields {
        var fields = await boot.status()
        let agents = try? await loop.turn { engine, _ in
            Set(engine.world.resources.values.flatMap { $0.ladder.compactMap(\.agent?.program) }).sorted()
        }
        let guests = try? await loop.turn { engine, _ in engine.world.resources.values.count { $0.hypervisor != nil } }
        if let guests, guests > 0 { fields["virtual_machines"] = .int(Int64(guests)) }
        if let agents, !agents.isEmpty { fields["fence_agents"] = .array(agents.map { .string($0) }) }
        return fields
    }

    private func tick() async throws {
        while !Task.isCancelled {
            try await turnOrComplain { engine, now in engine.tick(now: now) }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    /// What has to be looked at now and then: hook files, the boot network, exports that died.
    private func keepHouse() async throws {
        while !Task.isCancelled {
            await scripting.endIdleSessions()
            do { try await scripting.hooks.refresh() } catch { complaints.complain("\(error)", to: logger) }
            if let isUp = await boot.refresh() {
                try await turnOrComplain { engine, now in engine.network(isUp: isUp, now: now) }
            }
            for export in await exports.died() {
                try await turnOrComplain { engine, now in engine.exportDied(export.epoch, now: now) }
            }
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// Once an hour, and soon after a start.
    private func forgetHistory() async throws {
        try await Task.sleep(for: .seconds(60))
        while !Task.isCancelled {
            do {
                let forgotten = try await loop.forgetHistory()
                if forgotten != Forgotten() {
                    logger.info(
                        "forgot \(forgotten.runs) runs and \(forgotten.events) events; \(Quantity.people(bytes: forgotten.bytes)) given back"
                    )
                }
            } catch is CancellationError {
                return
            } catch {
                complaints.complain("\(error)", to: logger)
            }
            try await Task.sleep(for: .seconds(3_600))
        }
    }

    /// A store that fails (disk full) refuses turns; the engine says so and tries on. Only another engine's newer term ends it.
    private func turnOrComplain(_ body: @Sendable (inout Engine, Now) -> Void) async throws {
        do {
            try await loop.turn(body)
        } catch let error as MusterError where error.code == .storeTerm {
            throw error
        } catch {
            complaints.complain("\(error)", to: logger)
        }
    }
}
