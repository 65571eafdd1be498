import ArgumentParser
import Logging
import MusterConsole
import MusterCore

/// `muster serve`: the engine, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the engine.",
        discussion: """
            Watches the machines, boots them, and runs the hooks. Stopping it leaves exports and machines alone; the next start \
            adopts them.
            """)

    @Option(help: "The fleet to apply at the start.") var fleet: String?
    @Option(help: "The folder of hook files.") var hooks: String?
    @Option(help: "The folder that holds the engine's state.") var state: String = DefaultPaths.state
    @Option(help: "Room kept in that folder for running failovers when its disk is full.") var reserve: String = "16M"
    @Option(help: "The Unix socket to answer on.") var socket: String = DefaultPaths.socket
    @Option(help: "The folder of the standard library.") var library: String?

    func run() async throws {
        let logger = Logger(label: "muster")
        let process = try await EngineProcess(
            options: EngineProcess.Options(
                state: state, socket: socket, hooks: hooks ?? DefaultPaths.folder("hooks"),
                library: try library ?? DefaultPaths.library(), fleet: fleet, reserve: try Quantity.bytes(reserve)), logger: logger)
        try await process.run()
    }
}
