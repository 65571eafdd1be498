import Foundation

/// A TCP server that gives every connection the same bytes, or none, and closes or holds it.
final class OneAnswerServer: @unchecked Sendable {
    let address = LoopbackAddress.next()
    let port = 8080
    private let file: Int32
    private let answer: [UInt8]?
    private let lock = NSLock()
    private var requests: [String] = []
    private var held: [Int32] = []

    /// Nil holds each connection open without an answer.
    init(answer: String?) throws {
        self.answer = answer.map { Array($0.utf8) }
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var place = UDP.address(address, port)
        let bound = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(file, 16) == 0 else { throw TestFailure(description: "cannot listen on \(address)") }
        Thread.detachNewThread { [weak self, file] in
            while case let connection = accept(file, nil, nil), connection >= 0 {
                guard let self else { return }
                self.serve(connection)
            }
        }
    }

    deinit {
        shutdown(file, Int32(SHUT_RDWR))
        close(file)
        for connection in held { close(connection) }
    }

    /// What the clients asked, as far as it came in one piece.
    var seen: [String] { lock.withLock { requests } }

    private func serve(_ connection: Int32) {
        guard let answer else { return lock.withLock { held.append(connection) } }
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = recv(connection, &piece, piece.count, 0)
        lock.withLock { requests.append(String(decoding: piece[..<max(0, count)], as: UTF8.self)) }
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        close(connection)
    }
}
