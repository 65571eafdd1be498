import Hummingbird
import HummingbirdCore
import Logging
import MusterCore
import MusterEngine
import NIOCore
import ServiceLifecycle

/// The HTTP server on the engine's address: scripts, files, reports and heartbeats.
final class HTTPPart: BootPart {
    let name = "HTTP"
    /// Connections at once; more wait in the kernel.
    private static let connections = 1024
    /// How long answers may go on when the server stops.
    private static let patience = Duration.seconds(2)

    private let context: BootContext
    private let routes: BootRoutes

    init(_ context: BootContext, dhcp: DHCPPart) {
        self.context = context
        routes = BootRoutes(context, dhcp: dhcp)
    }

    func run(ready: @escaping @Sendable () -> Void) async throws {
        let network = context.network
        // What the framework logs as errors is a stop by us, or a client that went away; real failures are thrown.
        var quiet = context.logger
        quiet.logLevel = .critical
        let counters = context.counters
        let application = Application(
            responder: routes.responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [MalformedRequestHandler(counters)], idleTimeout: .seconds(60))),
            configuration: .init(
                address: .hostname(network.address.address.description, port: network.httpPort), serverName: "Muster",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
            onServerRunning: { _ in ready() },
            logger: quiet)
        do {
            try await serve(application, logger: quiet)
        } catch let error as IOError {
            throw DeviceSocket.failure(error.errnoCode, purpose: "HTTP on port \(network.httpPort)", interface: network.interface)
        }
    }

    /// Serves until the task is cancelled.
    private func serve(_ application: some Service, logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.patience
        let group = ServiceGroup(configuration: configuration)
        // Stopped in order and never by cancellation: a connection that comes in at that moment would be dropped without being
        // closed, and that ends the process (NIOAsyncWriter's deinit).
        let serving = Task { try await group.run() }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        } catch {
            // Patience that ended is an error of the group's, but no failure of a server that was to stop.
            guard Task.isCancelled else { throw error }
        }
    }
}

/// Counts what the HTTP parser could not read; the server answers it with 400 and closes.
final class MalformedRequestHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Never
    private let counters: CounterBook

    init(_ counters: CounterBook) { self.counters = counters }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that ends in the middle is everyday; only bytes that are no HTTP count.
        if !(error is IOError), !(error is ChannelError) { counters.malformed(.http, .badRequest) }
        context.fireErrorCaught(error)
    }
}
