import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import MusterSim

/// Puts a fleet file and hook files into a simulation.
public enum Proving {
    /// A simulation of a fleet with its hooks.
    ///
    /// - Throws: `bad_fleet`, `script_error` and what else is wrong with the files.
    public static func simulation(fleetFile: String, sources: SourceFolders, seed: UInt64) throws -> Simulation {
        Simulation(fleet: try fleet(fleetFile), seed: seed, makeHost: hostMaker(sources))
    }

    /// Reads a fleet file whose images and secrets are elsewhere.
    public static func fleet(_ fleetFile: String) throws -> FleetDeclaration {
        guard let data = FileManager.default.contents(atPath: fleetFile) else {
            throw MusterError(.badFleet, "cannot read \(fleetFile)", hint: "check the path and its mode", place: fleetFile)
        }
        let fleet = try FleetReader.readInline(source: String(decoding: data, as: UTF8.self), file: fleetFile)
        if let problem = fleet.problems(imageExists: { _ in true }, secretExists: { _ in true }).first { throw problem }
        return fleet
    }

    /// What executes the hooks of a folder in simulated engines.
    public static func hostMaker(_ folders: SourceFolders) -> SimulatedHost.Maker {
        { turns in
            let executor = RunExecutor(engine: turns, place: .inline, report: { _ in })
            return SimulatedHost(runs: executor) { settings in try executor.loadInline(folders, settings) }
        }
    }
}
