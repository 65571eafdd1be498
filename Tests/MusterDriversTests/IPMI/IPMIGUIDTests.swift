import MusterCore
import Testing

@testable import MusterDrivers

@Suite struct IPMIGUIDTests {
    /// 00112233-4455-4677-8899-aabbccddeeff in the three orders that controllers use.
    static let uuid = "00112233-4455-4677-8899-aabbccddeeff"
    static let plain: [UInt8] = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x46, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    ]
    static let smbios: [UInt8] = [
        0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x46, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    ]

    @Test(arguments: [plain, smbios, plain.reversed()])
    func everyOrderMatches(bytes: [UInt8]) throws {
        let guid = try #require(IPMIGUID(bytes: bytes))
        #expect(guid.matches(Self.uuid))
        #expect(guid.matches(Self.uuid.uppercased()))
        #expect(guid.matches(Self.uuid.replacing("-", with: "")))
        #expect(guid.text == Self.uuid, "version and variant tell the order")
    }

    @Test func anotherMachineDoesNotMatch() throws {
        let guid = try #require(IPMIGUID(bytes: Self.smbios))
        #expect(!guid.matches("00112233-4455-4677-8899-aabbccddeefe"))
        #expect(!guid.matches(""))
    }

    @Test func bytesThatSayNothing() {
        #expect(IPMIGUID(bytes: Array(repeating: 0, count: 16)) == nil)
        #expect(IPMIGUID(bytes: Array(repeating: 0xFF, count: 16)) == nil)
        #expect(IPMIGUID(bytes: [1, 2, 3]) == nil)
    }
}
