import ArgumentParser
import MusterConsole
import MusterCore

/// Which engine is asked, and how its answer is shown.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The engine's Unix socket.", valueName: "path"))
    var socket: String = DefaultPaths.socket

    @OptionGroup var show: ShowOptions

    var client: ConsoleClient { Self.client(socket) }

    static func client(_ socket: String) -> ConsoleClient { ConsoleClient(socket) }
}

/// How an answer is shown.
struct ShowOptions: ParsableArguments {
    @Flag(help: "Answer in JSON, for programs.")
    var json = false

    /// Shows a value as JSON, or as the lines that `people` makes of it.
    func value(_ value: Value, people: () -> [String]) {
        if json {
            Screen.out.line(Screen.out.isTerminal ? value.prettyJSON : value.json)
        } else {
            people().forEach { Screen.out.line($0) }
        }
    }
}

/// A length of time as people write it (`90s`, `5m`).
struct Length: ExpressibleByArgument {
    let milliseconds: Int64
    var duration: Duration { .milliseconds(milliseconds) }

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        guard let milliseconds = try? Quantity.milliseconds(argument) else { return nil }
        self.milliseconds = milliseconds
    }

    var defaultValueDescription: String { "\(milliseconds / 1000)s" }
}
