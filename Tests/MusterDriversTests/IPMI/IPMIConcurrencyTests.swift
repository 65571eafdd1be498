import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Many controllers at once, some of them silent.
@Suite struct IPMIConcurrencyTests {
    @Test func silentControllersDelayNobodyElse() async throws {
        let bmcs = try await withThrowingTaskGroup(of: SimulatedBMC.self) { group in
            for index in 0..<45 { group.addTask { try await SimulatedBMC(power: index % 2 == 0 ? .on : .off) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let silent = try (0..<5).map { _ in try SilentPort() }
        // Ten threads for fifty controllers, half of them held by the silent ones, which are asked first.
        let driver = IPMIDriver(threads: 10, timing: IPMITiming(silence: 15_000))
        let order = try await withThrowingTaskGroup(of: Bool.self) { group in
            for port in silent {
                group.addTask { try await failing { try await driver.reading(port.access) }.code == .bmcSilent }
            }
            try await Task.sleep(for: .milliseconds(50))
            for bmc in bmcs {
                group.addTask {
                    let power = try await driver.reading(bmc.access())
                    #expect(power == bmc.power)
                    return false
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(order.count == 50)
        #expect(order.prefix(45).allSatisfy { !$0 }, "every controller that answers is done before the first silent one")
        #expect(order.suffix(5).allSatisfy { $0 })
    }

    @Test func aLaterOrderOvertakesOneThatStillWaits() async throws {
        let bmc = try await SimulatedBMC(power: .off, deaf: 1)
        let driver = IPMIDriver(timing: IPMITiming(poll: 50, reorder: 600_000))
        let on = Task { try await driver.powerOn(bmc.access(), timeoutMilliseconds: 120_000) }
        try await eventually("the power-on is under way") { bmc.orders == ["set power 1"] }
        _ = try await driver.powerOffUntilSeenOff(bmc.access(), timeoutMilliseconds: 60_000)
        #expect(try await failing { try await on.value }.code == .stale)
        #expect(bmc.orders == ["set power 1"], "nothing switches the machine on again after the fence")
        #expect(bmc.power == .off)
    }

    @Test func idleSessionsAreClosedAtTheController() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let driver = IPMIDriver(timing: IPMITiming(keepIdle: 100))
        // ipmi_sim has room for few sessions: readings that each leave one behind would soon be refused.
        for _ in 0..<12 {
            #expect(try await driver.reading(bmc.access()) == .on)
            try await eventually("the session is closed") { try await !driver.hasSession(bmc.access()) }
        }
    }

    @Test func allSessionsAreClosedAtTheEnd() async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let driver = IPMIDriver(timing: IPMITiming(keepIdle: 600_000))
        _ = try await driver.reading(bmc.access())
        #expect(try await driver.hasSession(bmc.access()))
        await driver.closeSessions()
        #expect(try await !driver.hasSession(bmc.access()))
        #expect(try await driver.reading(bmc.access()) == .on)
    }
}
