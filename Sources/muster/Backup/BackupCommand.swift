import ArgumentParser
import Foundation
import MusterConsole
import MusterCore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes the engine's state into one file, while it runs.",
        discussion: """
            The file is the state at one moment. It holds the secrets as they are kept, encrypted; their key (secret.key in the state \
            directory) is not in it: keep that elsewhere. Images are not in it either.
            """)
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The file to write, on the engine's machine.", completion: .file()) var file: String
    @Flag(help: "Replace a file that is there already.") var force = false

    func run() async throws {
        let path = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        let client = engine.client
        let progress = engine.show.json ? nil : Task { try await Self.tell(client) }
        defer { progress?.cancel() }
        let report = try await client.request("backup", ["path": .string(path), "force": .bool(force)], timeout: nil)
        engine.show.value(report) {
            [
                "\(path): \(Quantity.people(bytes: report["bytes"].int ?? 0)), the state at \(Times.clock(report["at"].int ?? 0))",
                "the key of the secrets is not in it: keep secret.key of the state directory elsewhere",
            ]
        }
    }

    /// How far it has come, once it takes longer than a moment.
    private static func tell(_ client: ConsoleClient) async throws {
        while true {
            try await Task.sleep(for: .seconds(2))
            guard let share = try await client.request("status")["backup"].double else { continue }
            Screen.error.line("written: \(Int(share * 100)) %")
        }
    }
}
