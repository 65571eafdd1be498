import Foundation
import MusterCore
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

/// Where the project's own files are.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    static let sources = SourceFolders(hooks: root + "/hooks", library: root + "/stdlib")
    static let scenarios = root + "/Tests/Scenarios"
}

extension Simulation {
    /// Hosts with controllers and servers, with the shipped hooks.
    static func small(hosts: Int = 3, servers: Int = 1, seed: UInt64 = 1) throws -> Simulation {
        let simulation = Simulation(
            fleet: try Fleets.small(hosts: hosts, servers: servers), seed: seed, makeHost: Proving.hostMaker(Project.sources))
        try simulation.start()
        return simulation
    }

    func command(_ line: String) throws { try perform(Command(words: line.split(separator: " ").map(String.init))) }

    func serverState(_ name: String) -> String? { server(name)["state"].string }
    func machine(of name: String) -> String? { server(name)["resource"].string }
    private func server(_ name: String) -> Value { engine.engine.serverValues.array?.first { $0["name"].string == name } ?? .null }
    func eventNames() -> [String] {
        engine.store.allEvents.map { ([$0.name] + [$0.resource?.rawValue].compactMap { $0 }).joined(separator: " ") }
    }
}

enum Fleets {
    static func small(hosts: Int = 3, servers: Int = 1) throws -> FleetDeclaration {
        let source = """
            boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
            for i = 1, \(hosts) do
              host("node" .. i) {
                mac = ("52:54:00:77:00:%02x"):format(i), memory = "1G", cpus = 2,
                bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
              }
            end
            for i = 1, \(servers) do
              image("web" .. i) { path = "/dev/null" }
              server("web" .. i) { image = "web" .. i, memory = "512M", priority = i, ready = { tcp = "10.77.0.100:80" } }
            end
            """
        return try FleetReader.readInline(source: source, file: "fleet.lua")
    }
}
