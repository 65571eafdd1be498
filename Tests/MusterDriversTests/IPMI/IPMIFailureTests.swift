import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// The words for failures that `ipmi_sim` cannot be made to show.
@Suite struct IPMIFailureTests {
    static let password = "pw-7Hd2-x"

    static func target() throws -> IPMITarget {
        try IPMITarget(
            PowerAccess(
                bmc: BMC(address: "10.9.8.7", user: "admin", passwordSecret: "bmc/node1"),
                password: Secret(bytes: Array(password.utf8))))
    }

    @Test(
        arguments: [
            (3, MusterError.Code.bmcPrivilege), (4, .bmcUser), (5, .bmcPassword), (6, .bmcPassword), (7, .bmcPrivilege),
            (8, .bmcPrivilege), (9, .bmcCipher), (10, .bmcCipher), (11, .bmcPassword), (12, .bmcProtocol), (13, .bmcSilent),
            (14, .bmcSilent), (19, .bmcBusy), (20, .bmcSilent), (21, .bmcSilent), (24, .bmcProtocol), (25, .bmcProtocol),
            (27, .bmcBusy), (29, .badArgument), (30, .bmcProtocol), (32, .bmcProtocol), (33, .bmcProtocol), (34, .bmcProtocol),
        ] as [(Int32, MusterError.Code)])
    func librarysNumbers(number: Int32, code: MusterError.Code) throws {
        let error = IPMIFailure.library(number).error(try Self.target())
        #expect(error.code == code)
        #expect(error.hint?.isEmpty == false)
        #expect(error.subject == "10.9.8.7:623")
        #expect(!"\(error)".contains(Self.password))
    }

    @Test(
        arguments: [
            (0xC0, MusterError.Code.bmcBusy), (0xC4, .bmcBusy), (0xD1, .bmcBusy), (0xD2, .bmcBusy), (0xD4, .bmcPrivilege),
            (0xC1, .bmcProtocol), (0xCC, .bmcProtocol), (0xD5, .bmcProtocol), (0xFF, .bmcProtocol), (0x80, .bmcProtocol),
        ] as [(UInt8, MusterError.Code)])
    func completionCodes(code: UInt8, expected: MusterError.Code) throws {
        let error = IPMIFailure.completion(code).error(try Self.target())
        #expect(error.code == expected)
        #expect(error.hint?.isEmpty == false)
    }

    @Test func anUnknownCompletionCodeIsShownAsNumber() throws {
        let error = IPMIFailure.completion(0xD5).error(try Self.target())
        #expect(error.message.contains("0xD5, not supported in the present state"))
    }

    @Test func onlyCipherTroubleTriesTheNextSuite() {
        #expect([10, 25, 32].allSatisfy { IPMIFailure.library($0).speaksOfCipher })
        #expect([4, 5, 8, 13, 14, 27].allSatisfy { !IPMIFailure.library($0).speaksOfCipher })
        #expect(!IPMIFailure.completion(0xD4).speaksOfCipher)
    }
}
