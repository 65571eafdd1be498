import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim

/// Puts a fleet file and hook files into a simulation.
public enum Proving {
    /// A simulation of a fleet with its hooks.
    ///
    /// - Parameters:
    ///   - hooks: The folder of hook files; nil for none.
    ///   - library: The folder of the standard library.
    /// - Throws: `bad_fleet`, `script_error` and what else is wrong with the files.
    public static func simulation(fleetFile: String, hooks: String?, library: String, seed: UInt64) throws -> Simulation {
        guard let data = FileManager.default.contents(atPath: fleetFile) else {
            throw MusterError(.badFleet, "cannot read \(fleetFile)", hint: "check the path and its mode", place: fleetFile)
        }
        let fleet = try FleetReader.readInline(source: String(decoding: data, as: UTF8.self), file: fleetFile)
        // Images and secrets are elsewhere.
        if let problem = fleet.problems(imageExists: { _ in true }, secretExists: { _ in true }).first { throw problem }
        return Simulation(fleet: fleet, seed: seed, makeHost: hostMaker(SourceFolders(hooks: hooks, library: library)))
    }

    /// What executes the hooks of a folder in simulated engines.
    public static func hostMaker(_ folders: SourceFolders) -> SimulatedHost.Maker {
        { turns in
            let executor = RunExecutor(engine: turns, place: .inline, report: { _ in })
            return SimulatedHost(runs: executor) { settings in try executor.loadInline(folders, settings) }
        }
    }
}
