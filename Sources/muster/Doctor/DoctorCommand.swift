import ArgumentParser
import Foundation
import MusterCore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is missing on this machine, and the command that installs it.",
        discussion: "The exit code is 1 when something needed is missing.")

    @OptionGroup var engine: EngineOptions
    @Option(help: ArgumentHelp("The engine's state directory.", valueName: "dir"))
    var state: String = DefaultPaths.state
    @Argument(help: "Look only at what the engine, or the lab, needs.") var group: Finding.Group?

    func run() async throws {
        var findings: [Finding] = []
        if group != .lab { findings += await EngineChecks(state: state, socket: engine.socket).findings() }
        if group != .engine { findings += LabChecks.findings() }
        let diagnosis = Diagnosis(findings: findings, isRoot: geteuid() == 0)
        engine.show.value(try diagnosis.value) { diagnosis.lines(Screen.out.style) }
        if !diagnosis.isHealthy { throw ExitCode(ExitStatus.failed) }
    }
}

extension Finding.Group: ExpressibleByArgument {}
