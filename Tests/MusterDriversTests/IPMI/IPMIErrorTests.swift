import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// What goes wrong with a controller, each with its own code, against real `ipmi_sim` processes.
@Suite struct IPMIErrorTests {
    let driver = IPMIDriver(timing: IPMITiming(poll: 50))

    private func error<Ignored>(_ body: () async throws -> Ignored) async throws -> MusterError {
        let error = try await failing(body)
        #expect(error.hint != nil)
        #expect(!"\(error)".contains(SimulatedBMC.password))
        return error
    }

    @Test func wrongPassword() async throws {
        let bmc = try await SimulatedBMC()
        let found = try await error { try await driver.reading(bmc.access(password: "wrong")) }
        #expect(found.code == .bmcPassword)
        #expect(!"\(found)".contains("wrong"), "a password is never told, not even a wrong one")
    }

    @Test func wrongUser() async throws {
        let bmc = try await SimulatedBMC()
        let found = try await error { try await driver.reading(bmc.access(user: "nobody")) }
        #expect(found.code == .bmcUser)
    }

    /// `ipmi_sim` enforces no user's privilege, but without this workaround it grants none.
    @Test func missingPrivilege() async throws {
        let bmc = try await SimulatedBMC()
        let found = try await error { try await driver.reading(bmc.access(workarounds: [])) }
        #expect(found.code == .bmcPrivilege)
        #expect(found.hint?.contains("opensesspriv") == true)
    }

    @Test func closedPort() async throws {
        let bmc = try await SimulatedBMC()
        bmc.stop()
        let found = try await error { try await driver.reading(bmc.access()) }
        #expect(found.code == .bmcSilent)
    }

    @Test func portThatNeverAnswers() async throws {
        let silent = try SilentPort()
        let found = try await error {
            try await driver.powerOffUntilSeenOff(silent.access, timeoutMilliseconds: 60_000)
        }
        #expect(found.code == .bmcSilent, "silence is never taken for off")
    }

    @Test func cipherSuiteThatTheControllerLacks() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        #expect(try await driver.reading(bmc.access(suites: [17, 3])) == .on, "17 fails, 3 works")
        #expect(try await driver.reading(bmc.access(suites: [17, 3])) == .on, "and 3 is remembered")
        _ = try await error { try await driver.reading(bmc.access(suites: [17])) }
    }

    @Test func aSilentControllerDuringTheFence() async throws {
        let bmc = try await SimulatedBMC(power: .on, manner: .lie)
        let impatient = IPMIDriver(timing: IPMITiming(poll: 50))
        let fence = Task { try await impatient.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 8_000) }
        try await eventually("the order arrives") { bmc.orders.count == 1 }
        bmc.stop()
        let found = try await error { try await fence.value }
        #expect(found.code == .bmcSilent)
    }
}
