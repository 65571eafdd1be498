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

extension Proving {
    /// A fleet of so many hosts with controllers, and half as many servers.
    public static func fleet(hosts: Int) throws -> FleetDeclaration {
        let source = """
            boot_network { interface = "lab0", address = "10.0.0.1/8", files = "/nowhere" }
            for i = 1, \(hosts) do
              local name = ("node%05d"):format(i)
              host(name) {
                mac = ("52:54:00:%02x:%02x:%02x"):format(i // 65536, i // 256 % 256, i % 256), memory = "4G", cpus = 4,
                bmc = { address = "bmc-" .. name, user = "admin", password = secret("bmc/" .. name) },
              }
            end
            for i = 1, \(hosts / 2) do
              local name = ("web%05d"):format(i)
              image(name) { path = "/dev/null" }
              server(name) { image = name, memory = "1G", priority = i % 10, ready = { tcp = "10.0.0.1:80" } }
            end
            """
        return try FleetReader.readInline(source: source, file: "fleet of \(hosts) hosts")
    }
}
