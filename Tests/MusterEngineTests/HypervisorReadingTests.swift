import MusterCore
import Testing

@testable import MusterEngine

/// A hypervisor's controller is believed about its guests as far as it is known to be its own.
@Suite struct HypervisorReadingTests {
    private static let own = "11111111-2222-3333-4444-555555555555"
    private static let others = "99999999-2222-3333-4444-555555555555"

    /// A controller that reads off, and tells its GUID or not.
    private struct Controller: PowerDriver {
        let tells: Result<String, MusterError>

        func reading(_ access: PowerAccess) async throws -> Power { .off }
        func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws {}
        func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String { "" }
        func softOff(_ access: PowerAccess) async throws {}
        func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws {}
        func guid(_ access: PowerAccess) async throws -> String { try tells.get() }
    }

    private struct Nothing: ExportDriver, ReadinessProbe, SecretSource {
        func open(_ request: ExportRequest) async throws -> Export { Export(epoch: request.epoch, host: "", port: 1, name: "") }
        func cut(_ epoch: Epoch, image: Image) async throws -> String { "" }
        func alive() async -> [Export] { [] }
        func probe(_ check: ReadinessCheck) async throws {}
        func secret(_ name: String) async throws -> Secret { Secret(bytes: []) }
    }

    private func reading(uuid: String?, recorded: String? = nil, tells: Result<String, MusterError>) async throws -> Power {
        var bmc = BMC(address: "bmc1", user: "admin", passwordSecret: "bmc/node1")
        bmc.guid = recorded
        let drivers = Drivers(power: Controller(tells: tells), exports: Nothing(), readiness: Nothing(), secrets: Nothing())
        let question = HypervisorQuestion(hypervisor: ResourceID("node1"), control: .bmc(bmc), uuid: uuid, asked: Moment(milliseconds: 0))
        return try await drivers.reading(ofHypervisor: question).power
    }

    private func code(uuid: String?, recorded: String? = nil, tells: Result<String, MusterError>) async -> MusterError.Code? {
        do {
            _ = try await reading(uuid: uuid, recorded: recorded, tells: tells)
            return nil
        } catch { return (error as? MusterError)?.code }
    }

    private static let hasNone = MusterError(.bmcProtocol, "it tells no GUID")

    @Test func itsOwnIsBelieved() async throws {
        #expect(try await reading(uuid: Self.own, tells: .success(Self.own)) == .off)
        #expect(try await reading(uuid: nil, tells: .failure(Self.hasNone)) == .off)
        #expect(try await reading(uuid: Self.own, tells: .failure(Self.hasNone)) == .off, "it has none: nothing speaks against it")
    }

    @Test func anothersIsNot() async {
        #expect(await code(uuid: Self.own, tells: .success(Self.others)) == .bmcIdentity)
        #expect(await code(uuid: nil, recorded: Self.own, tells: .success(Self.others)) == .bmcIdentity)
    }

    @Test func oneThatCannotBeAskedWhoseItIsIsNot() async {
        let silent = MusterError(.bmcSilent, "it does not answer")
        #expect(await code(uuid: Self.own, tells: .failure(silent)) == .bmcSilent, "what was read after that may be another's")
        #expect(
            await code(uuid: Self.own, recorded: Self.others, tells: .failure(Self.hasNone)) == .bmcIdentity,
            "it was seen to be another's before")
    }
}
