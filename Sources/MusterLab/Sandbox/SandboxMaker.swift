import Foundation
import MusterCore

/// Makes a sandbox that ends with its maker, unless the maker says that it shall stay.
///
/// The two ends of a socket do it: the sandbox's PID 1 reads, and the kernel closes the maker's end however the maker dies.
struct SandboxMaker {
    let sandbox: Sandbox
    private let socket: FileHandle

    /// - Parameter folder: holds `keeper.sh` and `holder.sh`; it is removed when the sandbox ends.
    init(folder: String) throws(MusterError) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw MusterError("sandbox_failed", "no socket pair: \(String(cString: strerror(errno)))")
        }
        socket = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let ownUsers = geteuid() != 0
        let options = ownUsers ? ["--user", "--map-root-user"] : []
        let streams = Spawn.Streams(input: ends[1], output: ends[1], error: ends[1])
        defer { close(ends[1]) }
        let keeper = try Spawn.start(["sh", "\(folder)/keeper.sh", folder] + options, streams, session: true)
        close(ends[1])
        ends[1] = -1

        let answer = Self.line(from: ends[0])
        guard answer.hasPrefix("ready "), let pid = Int32(answer.dropFirst(6)), let holder = ProcessIdentity(pid: pid),
            let keeper = ProcessIdentity(pid: keeper)
        else {
            try? socket.close()
            _ = Spawn.status(of: keeper, wait: true)
            throw MusterError(
                "sandbox_failed", "the lab's sandbox cannot be made: \(answer.isEmpty ? "it ended at once" : answer)",
                hint: ownUsers
                    ? "run the lab as root; without it user namespaces must be allowed and /dev/net/tun be usable"
                    : "network, process and mount namespaces, bridges and veth must be allowed here")
        }
        sandbox = Sandbox(holder: holder, keeper: keeper, ownUsers: ownUsers)
    }

    /// Lets the sandbox live on without its maker.
    func keep() throws(MusterError) {
        let word = "keep\n"
        guard send(socket.fileDescriptor, word, word.utf8.count, Int32(MSG_NOSIGNAL)) == word.utf8.count,
            sandbox.isAlive
        else { throw MusterError("sandbox_failed", "the lab was taken down while it came up") }
    }

    private static func line(from socket: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(socket, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
