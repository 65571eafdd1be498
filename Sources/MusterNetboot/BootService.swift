import Logging
import MusterCore
import MusterEngine
import Synchronization

/// Answers machines that boot over the network: DHCP, TFTP, HTTP, and IPv6 router advertisements, on one interface.
///
/// What each machine gets is the authority's word. A part that fails after its start is logged and started again.
public final class BootService: Sendable {
    private let context: BootContext
    private let dhcp: DHCPPart
    private let tasks = Mutex<[Task<Void, Never>]>([])

    public init(
        network: BootNetwork, authority: any BootAuthority, logger: Logger, time: any TimeSource = SystemTime(),
        ports: BootPorts = BootPorts()
    ) {
        context = BootContext(
            network: network, ports: ports, authority: authority, time: time,
            counters: CounterBook(time: time, logger: logger), logger: logger)
        dhcp = DHCPPart(context)
    }

    /// What came in and what became of it.
    public var counters: BootCounters { context.counters.snapshot }

    /// The addresses that machines asked for and got since the start, by MAC.
    public var leases: [BootLease] { dhcp.leases }

    /// Opens every socket and begins to serve. Errors: `boot_network` (no such interface, port in use, not allowed), `bad_fleet`.
    public func start() async throws {
        _ = try KernelArguments.operatorWords(context.network.kernelArguments)
        do {
            for part in [dhcp, TFTPPart(context), HTTPPart(context, dhcp: dhcp), RouterPart(context)] as [any BootPart] {
                try await Supervisor(part, context: context).start { task in tasks.withLock { $0.append(task) } }
            }
        } catch {
            await stop()
            throw error
        }
        let counters = context.counters
        let reporting = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(10))
                counters.report()
            }
        }
        tasks.withLock { $0.append(reporting) }
    }

    /// Ends every transfer and closes every socket. Machines keep their addresses.
    public func stop() async {
        let running = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        running.forEach { $0.cancel() }
        for task in running { await task.value }
    }
}
