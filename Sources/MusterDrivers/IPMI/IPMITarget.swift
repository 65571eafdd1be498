import MusterCore
import MusterEngine

/// A controller with everything needed to open a session, checked before a packet leaves.
struct IPMITarget: Sendable, Hashable {
    /// `address:port`, the form in which libfreeipmi takes it and people read it.
    let name: String
    let user: String
    let password: Secret
    /// Suites to try, in order; never 0.
    let cipherSuites: [Int]
    let workarounds: UInt32

    /// IPMI 2.0 specification, sections 13.28 and 22.28: 20 bytes of password, 16 of user name.
    static let passwordLimit = 20
    static let userLimit = 16

    /// Errors: `bad_argument`, `bmc_password`, `bmc_user`, `bmc_cipher`.
    init(_ access: PowerAccess) throws {
        let bmc = access.bmc
        guard !bmc.address.isEmpty, (1...65535).contains(bmc.port) else {
            throw MusterError(
                .badArgument, "\"\(bmc.address)\", port \(bmc.port), is no address of a BMC",
                hint: "give bmc.address, and bmc.port between 1 and 65535 (623 unless it was changed)")
        }
        name = bmc.address.contains(":") ? "[\(bmc.address)]:\(bmc.port)" : "\(bmc.address):\(bmc.port)"
        user = bmc.user
        password = access.password
        cipherSuites = try Self.checked(bmc.cipherSuites, name: name)
        workarounds = try IPMIWorkarounds.mask(bmc.workarounds)
        try checkCredentials()
    }

    private func checkCredentials() throws {
        guard user.utf8.count <= Self.userLimit, !user.utf8.contains(0) else {
            throw MusterError(
                .bmcUser, "the user name for BMC \(name) is longer than the \(Self.userLimit) bytes of IPMI",
                hint: "make a shorter user on the BMC", subject: name)
        }
        guard password.bytes.count <= Self.passwordLimit else {
            throw MusterError(
                .bmcPassword, "the password for BMC \(name) is longer than the \(Self.passwordLimit) bytes of IPMI 2.0",
                hint: "set a password of at most \(Self.passwordLimit) bytes on the BMC, then `muster secret set` it",
                subject: name)
        }
        guard !password.bytes.contains(0) else {
            throw MusterError(
                .bmcPassword, "the password for BMC \(name) has a zero byte",
                hint: "store it again with `muster secret set`", subject: name)
        }
    }

    private static func checked(_ suites: [Int], name: String) throws -> [Int] {
        let supported = [1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17]
        guard !suites.isEmpty else {
            throw MusterError(
                .bmcCipher, "no cipher suite is allowed for BMC \(name)", hint: "leave cipher_suites out for 17, then 3",
                subject: name)
        }
        if suites.contains(0) {
            throw MusterError(
                .bmcCipher, "cipher suite 0 for BMC \(name) is refused: with it anyone switches the machine",
                hint: "use 17 or 3, and disable suite 0 on the BMC", subject: name)
        }
        if let unknown = suites.first(where: { !supported.contains($0) }) {
            throw MusterError(
                .bmcCipher, "cipher suite \(unknown) for BMC \(name) is not supported",
                hint: "supported are \(supported.map(String.init).joined(separator: ", ")); 17 and 3 are usual", subject: name)
        }
        return suites
    }
}
