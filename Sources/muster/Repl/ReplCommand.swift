import ArgumentParser
import Foundation
import MusterCore

struct ReplCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Speaks Lua with the engine, line by line.",
        discussion: """
            TAB completes, Ctrl-C abandons the line or cancels what it waits for, Ctrl-D ends. events.follow() shows events \
            meanwhile. Without a terminal it reads lines from standard input; the exit code is then 1 when any of them failed.
            """)

    @Option(help: ArgumentHelp("The engine's Unix socket.", valueName: "path"))
    var socket: String = DefaultPaths.socket

    func run() async throws {
        let client = EngineOptions.client(socket)
        // An engine that is not there is better told before the first line than after it.
        _ = try await client.request("status")
        let session = ReplSession(client)
        let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let lines: any LineSource = isInteractive ? EditedLines(session) : PipedLines()
        let events = LiveEvents(client) { lines.show($0) }
        let watch = Self.departure(session, lines, events)
        defer { watch.stop() }
        if isInteractive { Screen.out.line("Muster \(Version.number) at \(socket). TAB completes, Ctrl-D ends.") }
        let failures = await ReplLoop(session, lines, events).run()
        events.end()
        await session.end()
        if !isInteractive, failures > 0 { throw ExitCode(ExitStatus.failed) }
    }

    /// What happens when the program is told to go, or interrupted, in the middle of a session.
    private static func departure(_ session: ReplSession, _ lines: any LineSource, _ events: LiveEvents) -> SignalWatch {
        SignalWatch([SIGINT, SIGTERM, SIGHUP]) { number in
            if number == SIGINT {
                switch session.interrupt() {
                case .cancelling: return Screen.error.line("cancelling the line; once more abandons the session")
                case .abandoned: return
                case .nothing: break
                }
                let wereShown = events.end()
                if lines.interrupt() { return wereShown ? lines.show(["events are no longer shown"]) : () }
            }
            Task {
                await session.end()
                lines.restoreTerminal()
                Foundation.exit(128 + number)
            }
        }
    }
}

/// Reads, evaluates and prints, until there are no more lines.
struct ReplLoop {
    private let session: ReplSession
    private let lines: any LineSource
    private let events: LiveEvents

    init(_ session: ReplSession, _ lines: any LineSource, _ events: LiveEvents) {
        self.session = session
        self.lines = lines
        self.events = events
    }

    /// Returns how many inputs failed. None of them ends the session.
    func run() async -> Int {
        var failures = 0
        var input = ""
        while true {
            switch await lines.next(continuing: !input.isEmpty) {
            case .interrupted:
                input = ""
            case .end:
                guard input.isEmpty else {
                    report(MusterError(.script, "the last input is not complete", place: "prompt"))
                    return failures + 1
                }
                return failures
            case .text(let line):
                input += (input.isEmpty ? "" : "\n") + line
                if input.allSatisfy(\.isWhitespace) { input = ""; continue }
                switch await session.evaluate(input) {
                case .incomplete: continue
                case .output(let text, let follow):
                    if !text.isEmpty { Screen.out.line(text) }
                    await events.take(follow)
                case .failed(let error):
                    failures += 1
                    report(error)
                case .abandoned:
                    failures += 1
                    Screen.error.line("abandoned: the engine may still execute it (muster runs); a new session begins")
                }
                lines.remember(input)
                input = ""
            }
        }
    }

    private func report(_ error: MusterError) {
        FailureReport.lines(error, Screen.error.style).forEach { Screen.error.line($0) }
    }
}
