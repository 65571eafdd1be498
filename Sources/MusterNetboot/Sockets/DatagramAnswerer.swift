import Glibc
import MusterCore
import NIOCore

/// Sends datagrams from the socket that they are answers on, past NIO: that closes a socket on which sending failed, and one
/// answer that cannot be delivered (an unreachable address, an interface without carrier) shall not end the service for all.
final class DatagramAnswerer: Sendable {
    private let descriptor: CInt

    init(duplicating descriptor: CInt) {
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    }

    deinit { close(descriptor) }

    /// Errors: `SendError`. A full send buffer is one too: the client asks again.
    func send(_ bytes: [UInt8], to address: SocketAddress) throws {
        let result = address.withSockAddr { pointer, length in
            sendto(descriptor, bytes, bytes.count, CInt(MSG_DONTWAIT), pointer, socklen_t(length))
        }
        guard result == bytes.count else { throw SendError(number: errno) }
    }
}

/// The system's reason why a datagram was not sent.
struct SendError: Error, CustomStringConvertible {
    var number: CInt
    var description: String { String(cString: strerror(number)) }
}
