import MusterCore
import MusterEngine
import Synchronization
import Testing

@testable import MusterDrivers

/// What a machine draws, by the Get Power Reading of DCMI 1.5, section 6.6.1.
@Suite struct IPMIDrawTests {
    let driver = IPMIDriver()

    @Test func aControllerWithDCMISaysWhatItsMachineDraws() async throws {
        let bmc = try await SimulatedBMC(power: .on, module: try await DCMIModule.path())
        try bmc.set(watts: 95)
        #expect(try await driver.draw(bmc.access()) == 95)
        try bmc.set(watts: 1_234)
        #expect(try await driver.draw(bmc.access()) == 1_234)
        // Command, group, mode: the system's power statistics.
        #expect(bmc.scratch.read("asked") == "02 dc 01\n02 dc 01")
    }

    @Test(arguments: [(95, 0), (0, 64)]) func whatIsNotBeingMeasuredIsNoDraw(watts: Int, state: Int) async throws {
        let bmc = try await SimulatedBMC(power: .on, module: try await DCMIModule.path())
        try bmc.set(watts: watts, state: state)
        #expect(try await driver.draw(bmc.access()) == nil)
    }

    /// `ipmi_sim` alone knows no DCMI: that is no error, and the session goes on.
    @Test func aControllerWithoutDCMISaysNothing() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        #expect(try await driver.reading(bmc.access()) == .on)
        #expect(try await driver.draw(bmc.access()) == nil)
        #expect(try await driver.hasSession(bmc.access()))
        #expect(try await driver.reading(bmc.access()) == .on)
    }

    @Test func aControllerThatDoesNotAnswerIsAnError() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        bmc.stop()
        let error = try await failing { try await driver.draw(bmc.access()) }
        #expect(error.code == .bmcSilent, "\(error)")
    }

    /// Some controllers leave what they do not know without an answer: nobody waits for that twice.
    @Test func aQuestionThatIsLeftWithoutAnswerIsNotAskedInANewSession() async throws {
        let driver = IPMIDriver(timing: IPMITiming(silence: 1_000, retransmission: 900, keepIdle: 450))
        let bmc = try await SimulatedBMC(power: .on, module: try await DCMIModule.path())
        try bmc.set(watts: 95)
        let scratch = bmc.scratch
        let sent = Mutex(0)
        // Answers are lost from the question on; what is sent to the controller after it is counted.
        let relay = try Relay(to: bmc) { fromController in
            guard scratch.exists("asked") else { return false }
            if !fromController { sent.withLock { $0 += 1 } }
            return fromController
        }
        #expect(try await driver.reading(bmc.access(through: relay.address)) == .on)
        let error = try await failing { try await driver.draw(bmc.access(through: relay.address)) }
        #expect(error.code == .bmcSilent, "\(error)")
        // Once more in its session, and the end of that. A new session begins with five packets.
        #expect(sent.withLock { $0 } < 5)
    }

    // MARK: The bytes

    /// 210 W now, 8, 400 and 190 W since the beginning, at 2021-01-01, within 1000 ms.
    private static let bytes: [UInt8] = [
        0xDC, 0xD2, 0x00, 0x08, 0x00, 0x90, 0x01, 0xBE, 0x00, 0x00, 0x66, 0xEE, 0x5F, 0xE8, 0x03, 0x00, 0x00, 0x40,
    ]

    @Test func theReadingNowIsTakenAndNotTheMean() throws {
        let reading = try #require(DCMIPowerReading(bytes: Self.bytes))
        #expect(reading.watts == 210 && reading.isActive)
    }

    @Test func aReadingHasTwoBytes() throws {
        var bytes = Self.bytes
        (bytes[1], bytes[2]) = (0x10, 0x27)
        #expect(try #require(DCMIPowerReading(bytes: bytes)).watts == 10_000)
    }

    @Test func onlyBitSixSaysActive() throws {
        var bytes = Self.bytes
        bytes[17] = 0xBF
        #expect(try #require(DCMIPowerReading(bytes: bytes)).isActive == false)
    }

    @Test func whatIsNoAnswerIsNoReading() {
        var other = Self.bytes
        other[0] = 0xDD
        #expect(DCMIPowerReading(bytes: other) == nil)
        for length in 0..<Self.bytes.count { #expect(DCMIPowerReading(bytes: Array(Self.bytes.prefix(length))) == nil, "\(length) bytes") }
    }

    @Test func aRefusalIsNoFailure() {
        for code: UInt8 in [0xC1, 0xC9, 0xCC, 0xD4, 0xD5, 0xD6, 0x80] { #expect(IPMIFailure.completion(code).isRefusal) }
        for code: UInt8 in [0xC0, 0xC3, 0xC4, 0xD0, 0xD1, 0xD2] { #expect(!IPMIFailure.completion(code).isRefusal) }
        #expect(!IPMIFailure.library(13).isRefusal && !IPMIFailure.lost.isRefusal && !IPMIFailure.short.isRefusal)
    }
}
