import Foundation
import MusterCore
import MusterScripting
import MusterSim

/// A folder named for what happens in it: `README`, `fleet.lua`, `script` and `log.expect`; with a folder `hooks` when it brings its own.
public struct Scenario: Sendable {
    public let folder: String
    /// The folder's name.
    public var name: String { URL(fileURLWithPath: folder).lastPathComponent }
    /// The hooks and library of a scenario that brings none.
    private let sources: SourceFolders

    /// Errors: `not_found` when the folder is no scenario.
    public init(folder: String, sources: SourceFolders) throws(MusterError) {
        guard Self.isScenario(folder) else {
            throw MusterError(.notFound, "\(folder) is no scenario", hint: "a scenario is a folder with README, fleet.lua and script")
        }
        self.folder = folder
        self.sources = sources
    }

    public static func isScenario(_ folder: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/script") }

    /// The scenarios in a folder, at any depth, by name.
    public static func all(in folder: String) -> [String] {
        if isScenario(folder) { return [folder] }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        return names.map { folder + "/" + $0 }.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }.flatMap(all)
    }

    /// Plays it to its end. Errors: what is wrong with its files.
    public func play() throws -> Simulation {
        guard let readme = FileManager.default.contents(atPath: folder + "/README"), !readme.isEmpty else {
            throw MusterError(
                .notFound, "\(name) has no README", hint: "a line or two: what happens, and what must come of it", place: folder)
        }
        let script = try Script(text: try text("script"), file: folder + "/script")
        let own = folder + "/hooks"
        let hooks = FileManager.default.fileExists(atPath: own) ? own : sources.hooks
        let simulation = try Proving.simulation(
            fleetFile: folder + "/fleet.lua", sources: SourceFolders(hooks: hooks, library: sources.library), seed: 1)
        try simulation.start()
        try simulation.run(script)
        return simulation
    }

    private func text(_ file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: folder + "/" + file) else {
            throw MusterError(
                .notFound, "\(name) has no \(file)", hint: "a scenario is a folder with README, fleet.lua and script", place: folder)
        }
        return String(decoding: data, as: UTF8.self)
    }

    // MARK: What is expected

    public var expectation: String? {
        FileManager.default.contents(atPath: folder + "/log.expect").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Plays it, and says where its log differs from the one that is expected. Errors: `scenario_failed`, what is wrong with its files.
    public func test() throws {
        let simulation = try play()
        if let violation = simulation.story.violations.first {
            throw MusterError(
                "scenario_failed", "\(name) breaks a rule of safety: \(violation)", hint: "muster sim --scenario \(folder)", place: folder)
        }
        guard let expectation else {
            throw MusterError(
                "scenario_failed", "\(name) has no log.expect", hint: "look whether it is right: muster sim --scenario \(folder) --record",
                place: folder)
        }
        guard simulation.log != expectation else { return }
        throw MusterError(
            "scenario_failed", "\(name) goes another way:\n" + Difference.text(expected: expectation, found: simulation.log),
            hint: "when the new way is right: muster sim --scenario \(folder) --record", place: folder + "/log.expect")
    }

    /// Makes the log of a simulation the one that is expected.
    public func record(_ simulation: Simulation) throws {
        try Data(simulation.log.utf8).write(to: URL(fileURLWithPath: folder + "/log.expect"))
    }
}
