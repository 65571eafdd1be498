import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Lost answers: an order in doubt is never sent again before a reading, and never twice by the library.
@Suite struct IPMILossTests {
    let driver = IPMIDriver(timing: IPMITiming(poll: 50, reorder: 600_000))

    /// A relay that loses exactly the answer to the first power order: the chassis script marks the moment.
    private func relayLosingTheOrdersAnswer(_ bmc: SimulatedBMC) throws -> Relay {
        try bmc.scratch.write("losing", "")
        let scratch = bmc.scratch
        return try Relay(to: bmc) { fromController in
            guard fromController, scratch.exists("lose") else { return false }
            return (try? scratch.remove("lose")) != nil
        }
    }

    @Test func anExecutedOrderWhoseAnswerIsLostIsNotRepeated() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let relay = try relayLosingTheOrdersAnswer(bmc)
        let words = try await driver.powerOffUntilSeenOff(bmc.access(through: relay.address), timeoutMilliseconds: 60_000)
        #expect(words.contains("read back off"), "\(words)")
        #expect(bmc.orders == ["set power 0"], "executed once, though its answer was lost")
        #expect(!bmc.scratch.exists("losing") && !bmc.scratch.exists("lose"), "the answer was really lost")
    }

    @Test func anOrderWithoutEffectWhoseAnswerIsLostIsGivenAgainAfterAReading() async throws {
        let bmc = try await SimulatedBMC(power: .on, deaf: 1)
        let relay = try relayLosingTheOrdersAnswer(bmc)
        _ = try await driver.powerOffUntilSeenOff(bmc.access(through: relay.address), timeoutMilliseconds: 60_000)
        #expect(bmc.power == .off)
        #expect(bmc.orders == ["set power 0", "set power 0"])
        let between = bmc.calls.split(separator: "set power 0", omittingEmptySubsequences: false)[1]
        #expect(between.contains("get power"), "a reading lies between the orders")
    }

    @Test func aSoftOffInDoubtIsAnError() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let scratch = bmc.scratch
        let relay = try Relay(to: bmc) { fromController in
            fromController && scratch.read("calls").contains("set shutdown")
        }
        let error = try await failing { try await driver.softOff(bmc.access(through: relay.address)) }
        #expect(error.code == .bmcSilent)
        #expect(bmc.orders == ["set shutdown 1"])
    }

    @Test func lostReadingsAreAskedAgain() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let every = LossCounter()
        let relay = try Relay(to: bmc) { _ in every.losesThis }
        #expect(try await driver.reading(bmc.access(through: relay.address)) == .on)
    }

    @Test func aControllerThatForgotItsSessionIsAskedInANewOne() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        #expect(try await driver.reading(bmc.access()) == .on)
        try await bmc.restart()
        #expect(try await driver.reading(bmc.access()) == .on, "the kept session is lost, a new one is opened")
    }
}
