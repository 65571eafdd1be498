import ArgumentParser
import Foundation
import MusterConsole
import MusterCore
import MusterStore

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a state directory of a backup, for an engine that does not run.",
        discussion: """
            The engine then begins disarmed and believes nothing that may have changed since the backup: look what the machines really \
            do, then: muster arm.
            """)
    @Argument(help: "The backup.", completion: .file()) var file: String
    @Option(help: ArgumentHelp("The engine's state directory.", valueName: "dir")) var state: String = DefaultPaths.state
    @Flag(help: "Put a state that is there already aside, under another name.") var force = false
    @OptionGroup var show: ShowOptions

    func run() async throws {
        let restoring = Restoring(file: file, state: state, replacing: force, operatorName: UserName.current)
        let report = try await restoring.run()
        show.value(try Value(encoding: report)) { lines(report) }
    }

    private func lines(_ report: Restoring.Report) -> [String] {
        let age = Times.ago(report.backup.milliseconds)
        var lines = ["\(state) is as it was at \(Times.clock(report.backup.milliseconds)), \(age)"]
        if let kept = report.kept { lines.append("what was there is kept as \(kept)") }
        if !report.hasKey {
            lines.append("the key of the secrets is missing: put it at \(state)/secret.key (mode 0600), or set the secrets anew")
        }
        lines.append("the engine will begin disarmed, and claim nothing before every machine is accounted for: look, then muster arm")
        return lines
    }
}
