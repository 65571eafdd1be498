import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// The check that a controller belongs to the machine, against real `ipmi_sim` processes.
@Suite struct IPMIIdentityTests {
    static let uuid = "00112233-4455-4677-8899-aabbccddeeff"
    let driver = IPMIDriver(timing: IPMITiming(poll: 50))

    @Test(arguments: [
        "00112233445546778899aabbccddeeff", "33221100554477468899aabbccddeeff", "ffeeddccbbaa99887746554433221100",
    ])
    func aMatchIsToldInTheEvidence(wire: String) async throws {
        let bmc = try await SimulatedBMC(power: .on, guid: wire)
        #expect(try await driver.guid(bmc.access()) == Self.uuid)
        let words = try await driver.powerOffUntilSeenOff(bmc.access(uuid: Self.uuid), timeoutMilliseconds: 60_000)
        #expect(words.contains("GUID matches"), "\(words)")
        #expect(bmc.power == .off)
    }

    @Test func anotherMachinesControllerIsNotTouched() async throws {
        let bmc = try await SimulatedBMC(power: .on, guid: "33221100554477468899aabbccddeeff")
        let other = "99999999-4455-4677-8899-aabbccddeeff"
        for access in [bmc.access(uuid: other), bmc.access(guid: other)] {
            let off = try await failing { try await driver.powerOffUntilSeenOff(access, timeoutMilliseconds: 60_000) }
            #expect(off.code == .bmcIdentity)
            #expect(off.message.contains(Self.uuid) && off.message.contains(other), "\(off)")
            #expect(try await failing { try await driver.powerOn(access, timeoutMilliseconds: 60_000) }.code == .bmcIdentity)
            #expect(try await failing { try await driver.softOff(access) }.code == .bmcIdentity)
            #expect(try await failing { try await driver.setBootDevice(access, .network) }.code == .bmcIdentity)
        }
        #expect(bmc.orders == [])
        #expect(bmc.power == .on)
    }

    @Test func theMachinesOwnWordGoesBeforeTheControllersFormerOne() async throws {
        let bmc = try await SimulatedBMC(power: .on, guid: "33221100554477468899aabbccddeeff")
        let access = bmc.access(uuid: Self.uuid, guid: "99999999-4455-4677-8899-aabbccddeeff")
        let words = try await driver.powerOffUntilSeenOff(access, timeoutMilliseconds: 60_000)
        #expect(words.contains("GUID matches"))
    }

    @Test(arguments: ["00000000-0000-0000-0000-000000000000", "03000200-0400-0500-0006-000700080009", "not a uuid"])
    func aUUIDThatSaysNothingIsNotCompared(uuid: String) async throws {
        let bmc = try await SimulatedBMC(power: .on)
        let words = try await driver.powerOffUntilSeenOff(bmc.access(uuid: uuid), timeoutMilliseconds: 60_000)
        #expect(words.contains("identity not checked"), "\(words)")
    }
}
