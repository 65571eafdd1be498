import CFreeIPMI
import CLinuxShim
import Glibc
import MusterCore

/// How patient a session is, in milliseconds.
struct IPMIPatience: Sendable, Hashable {
    /// Without any answer for so long the controller counts as silent.
    var silence: UInt32
    /// After so long without an answer a request is sent again; nil: never.
    var retransmission: UInt32?

    var withoutRetransmission: IPMIPatience { IPMIPatience(silence: silence, retransmission: nil) }
}

/// One RMCP+ session with a controller through libfreeipmi. Calls block; used by one thread at a time.
///
/// The library knows no session without retransmission: at the end of every wait, the last included, it sends the request once
/// more before it gives up. A session that must not do so gets waits of an hour, each interrupted by a signal when patience ends:
/// the interrupted wait is the one way out on which the library sends nothing.
final class IPMISession {
    private let context: ipmi_ctx_t
    private let patience: IPMIPatience

    // Must have been called once before any session (libgcrypt's tables).
    private static let initialised: Bool = ipmi_rmcpplus_init() == 0
    private static let hour: UInt32 = 3_600_000
    /// IPMI 2.0 specification, table 22-28: the least privilege that may switch power (appendix G).
    private static let operatorPrivilege: UInt8 = 3

    init(_ target: IPMITarget, suite: Int, patience: IPMIPatience) throws(IPMIFailure) {
        guard Self.hasLowDescriptor else { throw .crowded }
        guard Self.initialised, let context = ipmi_ctx_create() else { throw .library(28) }
        let watch = Stopwatch()
        let opened = try Self.bounded(patience) { Self.open(context, target, suite: suite, patience: patience) }
        guard opened == 0 else {
            let number = ipmi_ctx_errnum(context)
            ipmi_ctx_destroy(context)
            let interrupted = patience.retransmission == nil && watch.elapsed >= Int64(patience.silence)
            throw .library(interrupted ? 13 : number)
        }
        self.context = context
        self.patience = patience
    }

    private static func open(_ context: ipmi_ctx_t, _ target: IPMITarget, suite: Int, patience: IPMIPatience) -> Int32 {
        var password = target.password.bytes.map { CChar(bitPattern: $0) } + [0]
        defer { for index in password.indices { password[index] = 0 } }
        return ipmi_ctx_open_outofband_2_0(
            context, target.name, target.user, password, nil, 0, operatorPrivilege, UInt8(suite),
            patience.retransmission == nil ? hour : patience.silence, patience.retransmission ?? hour - 1, target.workarounds,
            UInt32(IPMI_FLAGS_DEFAULT))
    }

    /// Sends one request and returns the data after the completion code.
    func request(function: UInt8, command: UInt8, data: [UInt8] = []) throws(IPMIFailure) -> [UInt8] {
        var answer = [UInt8](repeating: 0, count: 256)
        let request = [command] + data
        let length = try Self.bounded(patience) {
            ipmi_cmd_raw(context, 0, function, request, UInt32(request.count), &answer, UInt32(answer.count))
        }
        guard length >= 0 else { throw .library(ipmi_ctx_errnum(context)) }
        guard length >= 2 else { throw .short }
        guard answer[1] == 0 else { throw .completion(answer[1]) }
        return Array(answer[2..<Int(length)])
    }

    /// Closes the session at the controller, which has few of them.
    deinit {
        _ = try? Self.bounded(patience) {
            ipmi_ctx_close(context)
            ipmi_ctx_destroy(context)
            return 0
        }
    }

    /// Makes a call that ends when patience does. Throws without making it when that cannot be assured.
    private static func bounded(_ patience: IPMIPatience, _ call: () -> Int32) throws(IPMIFailure) -> Int32 {
        guard patience.retransmission == nil else { return call() }
        defer { muster_interrupt_stop() }
        guard muster_interrupt_after(Int32(patience.silence)) == 0 else { throw .crowded }
        return call()
    }

    /// The library waits with `select`, which breaks memory on a descriptor of 1024 or more. The margin is for sessions that
    /// other threads open at the same moment.
    private static var hasLowDescriptor: Bool {
        let lowest = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard lowest >= 0 else { return false }
        close(lowest)
        return lowest < 600
    }
}
