import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// The real `fence_ipmilan` against real `ipmi_sim` processes.
@Suite struct FenceAgentTests {
    private let agents = ProgramFenceAgents(runner: SystemProgramRunner(), timing: FenceAgentTiming(poll: 50, reorder: 600_000))

    private func access(_ address: String, port: Int = SimulatedBMC.port, password: String = SimulatedBMC.password) throws
        -> FenceAgentAccess
    {
        _ = try Program.path("fence_ipmilan", package: "fence-agents")
        _ = try Program.path("ipmitool", package: "ipmitool")
        return FenceAgentAccess(
            program: "fence_ipmilan",
            options: ["ip": address, "ipport": "\(port)", "username": SimulatedBMC.user, "lanplus": "1", "cipher": "3"],
            secrets: ["password": Secret(bytes: Array(password.utf8))])
    }

    @Test func readsWhatTheChassisSays() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        #expect(try await agents.status(access(bmc.address)) == .on)
        try bmc.set(power: .off)
        #expect(try await agents.status(access(bmc.address)) == .off)
        #expect(bmc.orders == [])
    }

    @Test func powersOffAndSeesItOff() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let words = try await agents.powerOffUntilSeenOff(access(bmc.address), timeoutMilliseconds: 120_000)
        #expect(bmc.power == .off)
        #expect(bmc.orders == ["set power 0"])
        #expect(words.hasPrefix("fence_ipmilan says off ") && words.hasSuffix("after the order (was on)"), "\(words)")
        #expect(bmc.calls.last == "get power", "the last look comes after the order")
    }

    @Test func alreadyOffIsSuccessWithoutAnOrder() async throws {
        let bmc = try await SimulatedBMC(power: .off)
        let words = try await agents.powerOffUntilSeenOff(access(bmc.address), timeoutMilliseconds: 120_000)
        #expect(words == "fence_ipmilan says off: it was so already")
        #expect(bmc.orders == [])
    }

    @Test func aWrongPasswordIsAnErrorThatDoesNotShowIt() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let access = try access(bmc.address, password: "wrong-9Kx")
        let error = try await failing { try await agents.powerOffUntilSeenOff(access, timeoutMilliseconds: 120_000) }
        #expect(error.code == "agent_failed")
        #expect(error.message.hasPrefix("fence_ipmilan ended with the status 1: "), "\(error)")
        #expect(!"\(error)".contains("wrong-9Kx"))
        #expect(bmc.power == .on && bmc.orders == [])
    }

    @Test func aSilentControllerIsNoProof() async throws {
        let silent = try SilentPort()
        let access = try access(silent.address, port: silent.port)
        let error = try await failing { try await agents.powerOffUntilSeenOff(access, timeoutMilliseconds: 1_500) }
        #expect(error.code == .timeout)
        #expect(error.message.contains("asked for status: it was not done within"), "\(error)")
        #expect(error.hint != nil && !"\(error)".contains(SimulatedBMC.password))
    }

    @Test func aControllerThatLiesIsStillOn() async throws {
        let bmc = try await SimulatedBMC(power: .on, manner: .lie)
        let error = try await failing { try await agents.powerOffUntilSeenOff(access(bmc.address), timeoutMilliseconds: 6_000) }
        #expect(error.code == .stillOn, "\(error)")
        #expect(error.hint?.contains("--confirm-off") == true)
        #expect(bmc.orders.contains("set power 0") && bmc.orders.allSatisfy { $0 == "set power 0" })
    }
}
