import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Reading and switching power against real `ipmi_sim` processes.
@Suite struct IPMIPowerTests {
    /// Gives an order once as long as it is not in doubt, however slow the test's machine is.
    let driver = IPMIDriver(timing: IPMITiming(poll: 50, reorder: 600_000))
    let insistent = IPMIDriver(timing: IPMITiming(poll: 50, reorder: 500))

    @Test func readsWhatTheChassisSays() async throws {
        let bmc = try await SimulatedBMC(power: .off)
        #expect(try await driver.reading(bmc.access()) == .off)
        try bmc.set(power: .on)
        #expect(try await driver.reading(bmc.access()) == .on)
    }

    @Test func powersOnAndSeesItOn() async throws {
        let bmc = try await SimulatedBMC(power: .off, late: 3)
        try await driver.powerOn(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(bmc.power == .on)
        #expect(bmc.orders == ["set power 1"])
    }

    @Test func alreadyOnIsSuccessWithoutAnOrder() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        try await driver.powerOn(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(bmc.orders == [])
    }

    @Test func powersOffAndSeesItOff() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let words = try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(bmc.power == .off)
        #expect(bmc.orders == ["set power 0"])
        #expect(words.hasPrefix("BMC \(bmc.address):6230 read back off "), "\(words)")
        #expect(words.contains("after the order (was on;"), "\(words)")
        #expect(bmc.calls.last == "get power", "the last look comes after the order")
    }

    @Test func alreadyOffIsSuccessWithoutAnOrder() async throws {
        let bmc = try await SimulatedBMC(power: .off)
        let words = try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(words.contains("was so already"), "\(words)")
        #expect(bmc.orders == [])
    }

    @Test func aLateOffIsAwaited() async throws {
        let bmc = try await SimulatedBMC(power: .on, late: 6)
        _ = try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(bmc.power == .off)
        #expect(bmc.orders == ["set power 0"])
        #expect(bmc.calls.filter { $0 == "get power" }.count >= 7)
    }

    @Test func aLyingControllerIsStillOn() async throws {
        let bmc = try await SimulatedBMC(power: .on, manner: .lie)
        let error = try await failing {
            try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 1_500)
        }
        #expect(error.code == .stillOn)
        #expect(error.message.contains("it said the order was done"))
        #expect(error.hint?.contains("--confirm-off") == true)
        #expect(bmc.orders.allSatisfy { $0 == "set power 0" })
    }

    @Test func aLyingControllerIsStillOff() async throws {
        let bmc = try await SimulatedBMC(power: .off, manner: .lie)
        let error = try await failing {
            try await driver.powerOn(bmc.access(), timeoutMilliseconds: 500)
        }
        #expect(error.code == "still_off")
    }

    @Test func anOrderThatHadNoEffectIsGivenAgainAfterAReading() async throws {
        let bmc = try await SimulatedBMC(power: .on, deaf: 1)
        let words = try await insistent.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(bmc.orders == ["set power 0", "set power 0"])
        #expect(words.contains("the first of 2 orders"), "\(words)")
        let between = bmc.calls.split(separator: "set power 0", omittingEmptySubsequences: false)[1]
        #expect(between.contains("get power"), "a reading lies between the orders")
    }

    @Test func aRefusalIsToldWithItsCode() async throws {
        let bmc = try await SimulatedBMC(power: .on, manner: .refuse)
        let error = try await failing {
            try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        }
        #expect(error.code == .bmcProtocol)
        #expect(error.message.contains("completion code 0x"), "\(error)")
        #expect(bmc.orders == ["set power 0", "set power 0"], "a refusal is believed the second time")
    }

    @Test func softOffIsOnlyAsked() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        try await driver.softOff(bmc.access())
        #expect(bmc.orders == ["set shutdown 1"])
        #expect(bmc.power == .on)
    }

    @Test func setsTheNextBootDevice() async throws {
        let bmc = try await SimulatedBMC()
        try await driver.setBootDevice(bmc.access(), .network)
        try await driver.setBootDevice(bmc.access(), .disk)
        #expect(bmc.orders == ["set boot pxe", "set boot default"])
    }
}
