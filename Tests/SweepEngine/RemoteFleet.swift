import MusterCore
import MusterEngine
import SweepWire

/// Drivers that ask the process in which the machines are.
struct RemoteFleet: PowerDriver, ExportDriver, ReadinessProbe, SecretSource {
    let wire: Wire
    let reaper: Reaper

    /// A call that does something outside: the places to die are around it.
    private func call(_ name: String, _ body: Value) async throws -> Value {
        let number = reaper.next(.call)
        reaper.pass(.call, number, .before)
        for when in [Fate.When.sent, .late] where reaper.isFated(.call, number, when) {
            wire.tell(when == .late ? "late.\(name)" : name, body)
            Reaper.die()
        }
        let answer: Result<Value, any Error>
        do { answer = .success(try await wire.request(name, body)) } catch { answer = .failure(error) }
        reaper.pass(.call, number, .after)
        return try answer.get()
    }

    func reading(_ access: PowerAccess) async throws -> Power {
        try await wire.request("power.reading", .string(access.bmc.address)).decode(Power.self)
    }

    func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws {
        _ = try await call("power.on", .string(access.bmc.address))
    }

    func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String {
        try await call("power.off", .string(access.bmc.address)).string ?? ""
    }

    func softOff(_ access: PowerAccess) async throws { _ = try await call("power.soft", .string(access.bmc.address)) }

    func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws {
        _ = try await call("power.device", ["address": .string(access.bmc.address), "device": .string(device.rawValue)])
    }

    func guid(_ access: PowerAccess) async throws -> String {
        try await wire.request("power.guid", .string(access.bmc.address)).string ?? ""
    }

    func open(_ request: ExportRequest) async throws -> Export {
        try await call("export.open", try Value(encoding: request)).decode(Export.self)
    }

    func cut(_ epoch: Epoch, image: Image) async throws -> String {
        try await call("export.cut", ["epoch": .int(epoch.rawValue), "image": try Value(encoding: image)]).string ?? ""
    }

    func alive() async -> [Export] {
        (try? await wire.request("export.alive").decode([Export].self)) ?? []
    }

    func probe(_ check: ReadinessCheck) async throws { _ = try await call("ready.probe", try Value(encoding: check)) }

    func secret(_ name: String) async throws -> Secret { Secret(bytes: Array("secret".utf8)) }
}
