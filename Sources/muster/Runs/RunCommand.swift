import ArgumentParser
import Foundation
import MusterCore

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a script in the engine, and shows what it logs and returns.",
        discussion: """
            The run is the engine's: Ctrl-C stops following it and leaves it alone, it goes on after a restart of the engine, and \
            --attach follows it again. muster runs cancel ends it. The exit code tells how it ended.
            """)

    @OptionGroup var engine: EngineOptions
    @Argument(help: "The script; - reads it from standard input.", completion: .file(extensions: ["lua"])) var script: String?
    @Option(help: ArgumentHelp("Follow a run that is there already.", valueName: "run")) var attach: Int64?
    @Flag(help: "Return once it has started.") var noWait = false

    func validate() throws {
        guard (script == nil) != (attach == nil) else { throw ValidationError("name a script, or a run with --attach") }
        guard attach == nil || !noWait else { throw ValidationError("--attach follows the run, --no-wait does not") }
    }

    func run() async throws {
        if let attach { return try await follow(attach) }
        let path = script ?? "-"
        let started = try await engine.client.request(
            "script", ["source": .string(try SourceFile.read(path)), "file": .string(path == "-" ? "stdin.lua" : path)])
        guard let number = started["run"].int else { throw MusterError("bad_answer", "the engine named no run") }
        if noWait {
            return engine.show.value(started) { ["run \(number): muster run --attach \(number), or muster runs show \(number)"] }
        }
        tell("run \(number)")
        try await follow(number)
    }

    /// A word beside the script's own output.
    private func tell(_ text: String) {
        if !engine.show.json { Screen.error.line(text) }
    }

    /// Shows what the run logs and returns until it ends; Ctrl-C ends this and not the run.
    private func follow(_ number: Int64) async throws {
        let watch = SignalWatch([SIGINT]) { [self] _ in
            tell("run \(number) goes on: muster run --attach \(number) follows it, muster runs cancel \(number) ends it")
            Foundation.exit(ExitStatus.interrupted)
        }
        defer { watch.stop() }
        try await FollowedRun(number, engine, tell: tell).follow()
    }
}
