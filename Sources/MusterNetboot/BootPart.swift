import Logging
import MusterCore
import MusterEngine

/// One of the boot service's servers: opens its socket, says that it is ready, and serves until its task is cancelled.
protocol BootPart: Sendable {
    var name: String { get }
    func run(ready: @escaping @Sendable () -> Void) async throws
}

/// What all parts share.
struct BootContext: Sendable {
    var network: BootNetwork
    var ports: BootPorts
    var authority: any BootAuthority
    var time: any TimeSource
    var counters: CounterBook
    var logger: Logger

    var now: Moment { time.now().monotonic }
}

/// The UDP ports of the boot protocols; others than the standard's are for tests.
public struct BootPorts: Sendable, Hashable {
    public var dhcpServer: Int
    public var dhcpClient: Int
    public var tftp: Int

    public init(dhcpServer: Int = 67, dhcpClient: Int = 68, tftp: Int = 69) {
        self.dhcpServer = dhcpServer
        self.dhcpClient = dhcpClient
        self.tftp = tftp
    }
}
