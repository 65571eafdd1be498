import CFreeIPMI
import MusterCore

/// Why a call to a controller failed, before it is put into words.
enum IPMIFailure: Error, Hashable {
    /// libfreeipmi's error number (`ipmi_errnum_type_t`).
    case library(Int32)
    /// The controller's completion code, IPMI 2.0 specification, table 5-2.
    case completion(UInt8)
    /// An answer too short to mean anything.
    case short
    /// An order was sent and its answer is unknown: read before anything else.
    case lost
    /// The engine itself has too many files or timers in use.
    case crowded

    /// Whether a request that was sent may have been executed though no answer said so.
    var leavesDoubt: Bool {
        switch self {
        case .library: true
        case .completion(let code): code == Completion.timeout
        case .short, .lost: true
        case .crowded: false
        }
    }

    /// Whether the controller answered that it does not do what it was asked, and will not a moment later. Some say of what they do not know
    /// that the user's privilege is too low.
    var isRefusal: Bool {
        guard case .completion(let code) = self else { return false }
        return ![Completion.busy, Completion.timeout, 0xC4, 0xD0, 0xD1, 0xD2].contains(code)
    }

    /// Whether the session is lost and a new one may do better.
    var losesSession: Bool {
        if case .library = self { return true }
        return false
    }

    /// Whether another cipher suite may succeed where this one failed. Controllers without a suite say so (10), or answer with
    /// a status that libfreeipmi does not know (25), or with a packet that it cannot parse (32, ipmi_sim).
    var speaksOfCipher: Bool {
        switch self {
        case .library(10), .library(25), .library(32): true
        default: false
        }
    }

    enum Completion {
        static let busy: UInt8 = 0xC0
        static let invalidCommand: UInt8 = 0xC1
        static let timeout: UInt8 = 0xC3
        static let privilege: UInt8 = 0xD4
    }
}

extension IPMIFailure {
    /// The failure as people see it. Never holds a password.
    func error(_ target: IPMITarget) -> MusterError {
        switch self {
        case .library(let number): Self.error(library: number, target)
        case .completion(let code): Self.error(completion: code, target)
        case .lost: Self.error(library: 14, target)
        case .crowded:
            MusterError(
                .bmcBusy, "BMC \(target.name) was not asked: this engine has too many files or timers open",
                hint: "see what it holds open (`ls /proc/PID/fd`); sessions need descriptors below 600", subject: target.name)
        case .short:
            MusterError(
                .bmcProtocol, "BMC \(target.name) gave an answer too short to mean anything",
                hint: "update its firmware, or try a workaround flag", subject: target.name)
        }
    }

    private static func error(library number: Int32, _ target: IPMITarget) -> MusterError {
        let name = target.name
        func make(_ code: MusterError.Code, _ message: String, _ hint: String) -> MusterError {
            MusterError(code, message, hint: hint, subject: name)
        }
        switch number {
        case 4:
            return make(
                .bmcUser, "BMC \(name) does not know the user \"\(target.user)\"",
                "check bmc.user, and that the user is enabled for IPMI over LAN")
        case 5, 11:
            return make(
                .bmcPassword, "BMC \(name) refused the password of \"\(target.user)\"",
                "store the right one with `muster secret set`")
        case 6:
            return make(
                .bmcPassword, "BMC \(name) wants a K_g key, which Muster does not send",
                "clear the K_g key (BMC key) in the controller's settings")
        case 3, 7, 8:
            return make(
                .bmcPrivilege, "BMC \(name) does not let \"\(target.user)\" act as an operator",
                "give the user the OPERATOR privilege on the LAN channel; workaround \"opensesspriv\" helps some controllers")
        case 9, 10:
            return make(
                .bmcCipher, "BMC \(name) has none of the cipher suites \(list(target.cipherSuites))",
                "enable suite 17 or 3 on the BMC, or set bmc.cipher_suites to one that it has")
        case 12:
            return make(.bmcProtocol, "BMC \(name) does not speak IPMI 2.0", "update its firmware, or enable IPMI over LAN")
        case 13, 14, 18, 20, 21:
            return make(
                .bmcSilent, "BMC \(name) does not answer",
                "check its address and cable, that IPMI over LAN is enabled, and that it has power")
        case 19, 27:
            return make(.bmcBusy, "BMC \(name) is busy or has no session free", "try again in some seconds")
        case 29:
            return make(.badArgument, "the address of BMC \(name) cannot be resolved", "write its IP address in bmc.address")
        default:
            return make(
                .bmcProtocol, "talking to BMC \(name) failed: \(words(library: number))",
                "try a workaround flag (\(IPMIWorkarounds.names.joined(separator: ", "))), or update its firmware")
        }
    }

    private static func error(completion code: UInt8, _ target: IPMITarget) -> MusterError {
        let name = target.name
        switch code {
        case Completion.busy, 0xC4, 0xD0, 0xD1, 0xD2:
            return MusterError(
                .bmcBusy, "BMC \(name) is busy: \(words(completion: code))", hint: "try again in some seconds", subject: name)
        case Completion.privilege:
            return MusterError(
                .bmcPrivilege, "BMC \(name) does not let \"\(target.user)\" do this",
                hint: "give the user the OPERATOR privilege on the LAN channel", subject: name)
        default:
            return MusterError(
                .bmcProtocol, "BMC \(name) refused: \(words(completion: code))",
                hint: "look at the controller's own log; it may forbid this in its present state", subject: name)
        }
    }

    static func words(library number: Int32) -> String {
        guard let text = ipmi_ctx_strerror(number) else { return "error \(number)" }
        return "\(String(cString: text)) (error \(number))"
    }

    static func words(completion code: UInt8) -> String {
        let hexadecimal = String(code, radix: 16, uppercase: true)
        let meaning =
            switch code {
            case 0xC0: "node busy"
            case 0xC1: "invalid command"
            case 0xC3: "timeout while processing"
            case 0xC4: "out of space"
            case 0xC7, 0xC8: "wrong length of request"
            case 0xC9: "parameter out of range"
            case 0xCC: "invalid data field"
            case 0xD0: "sensor repository in update"
            case 0xD1: "firmware update under way"
            case 0xD2: "initialisation under way"
            case 0xD3: "destination unavailable"
            case 0xD4: "insufficient privilege"
            case 0xD5: "not supported in the present state"
            case 0xD6: "sub-function disabled"
            case 0xFF: "unspecified error"
            default: "unknown"
            }
        return "completion code 0x\(hexadecimal), \(meaning)"
    }

    private static func list(_ suites: [Int]) -> String { suites.map(String.init).joined(separator: ", ") }
}
