import Foundation
import MusterCore
import MusterEngine

/// A UDP port that takes every packet and never answers.
final class SilentPort: Sendable {
    let address = LoopbackAddress.next()
    let port = 6230
    private let file: Int32

    init() throws {
        file = try UDP.bound(address, port)
    }

    deinit { close(file) }

    var access: PowerAccess {
        let bmc = BMC(address: address, port: port, user: "admin", passwordSecret: nil, cipherSuites: [3])
        return PowerAccess(bmc: bmc, password: Secret(bytes: Array("secret".utf8)))
    }
}

enum UDP {
    /// The kernel's table of UDP sockets. Read to the very end: it comes in pieces.
    static var sockets: String {
        let file = open("/proc/net/udp", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var table: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &piece, piece.count), count > 0 { table += piece[..<count] }
        return String(decoding: table, as: UTF8.self)
    }

    static func address(_ text: String, _ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return address
    }

    static func bound(_ text: String, _ port: Int) throws -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = address(text, port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard file >= 0, result == 0 else { throw TestFailure(description: "cannot bind \(text):\(port)") }
        return file
    }
}
