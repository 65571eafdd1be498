import MusterCore
import MusterEngine
import Synchronization

/// Controllers without machines: a machine at `127.0.0.1` goes off when told to, one at `127.0.0.2` has a wrong password.
public struct StubPower: PowerDriver {
    public init() {}

    private func check(_ access: PowerAccess) throws {
        if access.bmc.address == "127.0.0.2" {
            throw MusterError(.bmcPassword, "the BMC at 127.0.0.2 refuses the password", hint: "muster secret set bmc/node2")
        }
    }

    public func reading(_ access: PowerAccess) async throws -> Power {
        try check(access)
        return .on
    }
    public func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws { try check(access) }
    public func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String {
        try check(access)
        return "read off twice at \(access.bmc.address)"
    }
    public func softOff(_ access: PowerAccess) async throws { try check(access) }
    public func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws { try check(access) }
    public func guid(_ access: PowerAccess) async throws -> String { "" }
}

struct StubExports: ExportDriver {
    func open(_ request: ExportRequest) async throws -> Export {
        Export(epoch: request.epoch, host: request.host, port: 10_809, name: "export")
    }
    func cut(_ epoch: Epoch, image: Image) async throws -> String { "cut" }
    func alive() async -> [Export] { [] }
}

/// A readiness check that fails until it is told otherwise.
public final class StubProbe: ReadinessProbe {
    private let isReady = Mutex(false)

    public func becomeReady() { isReady.withLock { $0 = true } }

    public func probe(_ check: ReadinessCheck) async throws {
        guard isReady.withLock({ $0 }) else { throw MusterError("not_ready", "nothing answers yet") }
    }
}

struct StubSecrets: SecretSource {
    func secret(_ name: String) async throws -> Secret { Secret(bytes: Array("secret".utf8)) }
}
