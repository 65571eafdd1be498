import MusterCore
import MusterEngine
import SweepWire

/// The engine as machines reach it.
struct RemoteAuthority: BootAuthority {
    let life: EngineLife
    let fleet: WatchedFleet

    func address(for mac: MACAddress) async throws -> IPv4Address? { nil }

    func plan(for request: BootRequest) async throws -> BootPlan {
        let answer = try await life.wire().request("plan", try Value(encoding: request))
        switch answer["plan"].string {
        case "discover": return .discover(token: answer["token"].string ?? "")
        case "image":
            let epoch = Epoch(answer["epoch"].int ?? 0)
            try fleet.holdToPlan(epoch)
            return .image(
                ImageBoot(
                    token: answer["token"].string ?? "", epoch: epoch, server: ServerID(answer["server"].string ?? ""),
                    export: try answer["export"].decode(Export.self), address: nil, heartbeatMilliseconds: 1_000))
        case "wait": return .wait(reason: answer["reason"].string ?? "")
        default: return .local
        }
    }

    func report(_ report: MachineReport) async throws { _ = try await life.wire().request("report", try Value(encoding: report)) }

    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        let answer = try await life.wire().request("heartbeat", try Value(encoding: heartbeat)).string ?? ""
        return HeartbeatAnswer(rawValue: answer) ?? .ok
    }
}
