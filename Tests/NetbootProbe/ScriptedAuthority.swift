import MusterCore
import MusterEngine
import Synchronization

/// An engine whose answers the test sets; what machines tell it goes to standard output.
final class ScriptedAuthority: BootAuthority {
    private struct State {
        var addresses: [MACAddress: IPv4Address] = [:]
        var plans: [MACAddress: Result<BootPlan, MusterError>] = [:]
        var answer = HeartbeatAnswer.ok
    }

    private let state = Mutex(State())

    func set(address: IPv4Address?, for mac: MACAddress) { state.withLock { $0.addresses[mac] = address } }
    func set(plan: Result<BootPlan, MusterError>, for mac: MACAddress) { state.withLock { $0.plans[mac] = plan } }
    func set(answer: HeartbeatAnswer) { state.withLock { $0.answer = answer } }

    func address(for mac: MACAddress) async throws -> IPv4Address? { state.withLock { $0.addresses[mac] } }

    func plan(for request: BootRequest) async throws -> BootPlan {
        say("plan", request)
        return try state.withLock { $0.plans[request.mac] }?.get() ?? .discover(token: "d15c0e")
    }

    func report(_ report: MachineReport) async throws { say("report", report) }

    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        say("heartbeat", heartbeat)
        return state.withLock { $0.answer }
    }
}
