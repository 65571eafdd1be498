import Hummingbird
import Logging
import MusterCore
import MusterEngine
import NIOCore
import ServiceLifecycle
import Synchronization

/// The engine's HTTP API on a Unix socket: what `muster`, and anything that speaks HTTP, asks a running engine. docs/api.md says
/// what it answers.
public struct ConsoleServer: Sendable {
    private let control: Control
    private let socketPath: String
    private let logger: Logger

    /// A server for one engine. Nothing happens before `run`.
    public init(control: Control, socketPath: String, logger: Logger = Logger(label: "muster.console")) {
        self.control = control
        self.socketPath = socketPath
        self.logger = logger
    }

    /// Serves until its task is cancelled; `ready` is called once requests are answered. The socket has mode 0600 from its first
    /// moment and is gone when this returns. Errors: `console_busy` when a live engine has the socket, `console_failed`.
    public func run(ready: @escaping @Sendable () -> Void = {}) async throws {
        let socket = try ConsoleSocket(socketPath)
        defer { socket.remove() }
        var quiet = logger
        // What ends the server is thrown; the framework also calls its own stopping an error.
        quiet.logLevel = .critical
        let refused = Mutex<MusterError?>(nil)
        let application = Application(
            responder: ConsoleResponder(control: control),
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(address: .unixDomainSocket(path: socket.bindPath), serverName: "Muster"),
            onServerRunning: { channel in
                do {
                    try socket.publish()
                    ready()
                } catch {
                    refused.withLock { $0 = error as? MusterError }
                    try? await channel.close()
                }
            },
            logger: quiet)
        var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
        configuration.maximumGracefulShutdownDuration = Self.patience
        let group = ServiceGroup(configuration: configuration)
        // Stopped in order and never by cancellation: a connection that comes in at that moment would be dropped without being closed,
        // and that ends the process (NIOAsyncWriter's deinit).
        let serving = Task { try await group.run() }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        } catch {
            if let refused = refused.withLock({ $0 }) { throw refused }
            if Task.isCancelled { return }
            throw ConsoleSocket.failure(socketPath, "\(error)")
        }
    }

    /// How long requests may go on when the server stops.
    private static let patience = Duration.seconds(2)
}
