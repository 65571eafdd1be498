import ArgumentParser
import Foundation
import MusterConsole
import MusterCore
import Synchronization

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a script in the engine, and shows what it logs and returns.",
        discussion: "Ctrl-C cancels the run; a second one leaves it to the engine. The exit code tells how it ended.")

    @OptionGroup var engine: EngineOptions
    @Argument(help: "The script; - reads it from standard input.", completion: .file(extensions: ["lua"])) var script: String
    @Flag(help: "Return once it has started.") var noWait = false

    func run() async throws {
        let client = engine.client
        let file = script == "-" ? "stdin.lua" : script
        let started = try await client.request("script", ["source": .string(try SourceFile.read(script)), "file": .string(file)])
        guard let number = started["run"].int else { throw MusterError("bad_answer", "the engine named no run") }
        if noWait { return engine.show.value(started) { ["run \(number): muster runs show \(number)"] } }
        let presses = Mutex(0)
        let watch = SignalWatch([SIGINT]) { _ in
            let count = presses.withLock { presses in
                presses += 1
                return presses
            }
            if count > 1 { Foundation.exit(ExitStatus.interrupted) }
            Screen.error.line("cancelling the run; once more leaves it to the engine")
            Task {
                do { _ = try await client.request("run.cancel", ["id": .int(number)]) } catch { Screen.error.line("\(error)") }
            }
        }
        defer { watch.stop() }
        try await follow(number, client)
    }

    /// Shows the run's log lines as they come, then its end.
    private func follow(_ number: Int64, _ client: ConsoleClient) async throws {
        var shown = 0
        // Short scripts answer at once; a long one is not asked after more often than a person can read.
        var pause = 20
        while true {
            let story = try await client.request("run", ["id": .int(number)])
            let run = try story["run"].decode(Run.self)
            let logged = try story["steps"].decode([Step].self).filter { $0.name == "log" }
            if !engine.show.json { logged.dropFirst(shown).forEach { Screen.out.line(Self.text(of: $0)) } }
            shown = logged.count
            if !run.status.isLive || run.status == .asking { return try end(run, story) }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 500)
        }
    }

    private static func text(of step: Step) -> String {
        TextWidth.clean(step.arguments.map { $0.string ?? Words.argument($0) }.joined(separator: " "))
    }

    private func end(_ run: Run, _ story: Value) throws {
        if engine.show.json {
            engine.show.value(story) { [] }
        } else if run.status == .done, !run.result.isNull {
            Screen.out.line(TextWidth.clean(Words.result(run.result)))
        }
        let error = FailedCall.error(of: run, (try? story["steps"].decode([Step].self)) ?? [])
        switch run.status {
        case .done: return
        case .cancelled: throw error ?? MusterError(.cancelled, "run \(run.id) was cancelled")
        default:
            throw error
                ?? MusterError("run_failed", "run \(run.id) is \(run.status.rawValue)", hint: "muster runs show \(run.id)")
        }
    }
}
