import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// What is refused before a packet leaves.
@Suite struct IPMITargetTests {
    private func target(
        address: String = "10.0.0.1", port: Int = 623, user: String = "admin", password: String = "x", suites: [Int] = [17, 3],
        workarounds: [String] = []
    ) throws -> IPMITarget {
        let bmc = BMC(
            address: address, port: port, user: user, passwordSecret: nil, cipherSuites: suites, workarounds: workarounds)
        return try IPMITarget(PowerAccess(bmc: bmc, password: Secret(bytes: Array(password.utf8))))
    }

    private func code(_ body: () throws -> IPMITarget) -> MusterError.Code? {
        #expect(throws: MusterError.self, performing: { _ = try body() })?.code
    }

    @Test func namesItsAddress() throws {
        #expect(try target().name == "10.0.0.1:623")
        #expect(try target(address: "fd00::1", port: 6230).name == "[fd00::1]:6230")
    }

    @Test func cipherSuiteZeroIsRefused() throws {
        #expect(code { try target(suites: [17, 0]) } == .bmcCipher)
        #expect(code { try target(suites: [0]) } == .bmcCipher)
        #expect(code { try target(suites: []) } == .bmcCipher)
        #expect(code { try target(suites: [99]) } == .bmcCipher)
        #expect(try target(suites: [3]).cipherSuites == [3])
    }

    @Test func longPasswordsAreRefused() throws {
        #expect(try target(password: String(repeating: "x", count: 20)).name == "10.0.0.1:623")
        let error = #expect(throws: MusterError.self) { _ = try target(password: "qqqqqqqqqqqqqqqqqqqqq") }
        #expect(error?.code == .bmcPassword)
        #expect(error?.message.contains("20 bytes") == true)
        #expect(error.map { !"\($0)".contains("qqqq") } == true)
        #expect(code { try target(password: "a\0b") } == .bmcPassword)
    }

    @Test func longUsersAreRefused() {
        #expect(code { try target(user: String(repeating: "u", count: 17)) } == .bmcUser)
    }

    @Test func addressesAreChecked() {
        #expect(code { try target(address: "") } == .badArgument)
        #expect(code { try target(port: 0) } == .badArgument)
        #expect(code { try target(port: 70_000) } == .badArgument)
    }

    @Test func workaroundsHaveTheirDocumentedNames() throws {
        #expect(try target(workarounds: ["opensesspriv", "authcap"]).workarounds == 0x11)
        #expect(try target(workarounds: ["none"]).workarounds == 0)
        let error = #expect(throws: MusterError.self) { _ = try target(workarounds: ["opensespriv"]) }
        #expect(error?.code == .badArgument)
        #expect(error?.hint?.contains("opensesspriv") == true, "the hint lists the names")
    }
}
