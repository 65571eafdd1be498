import Foundation
import MusterCore
import Testing

/// A small disk in a mount namespace of its own. Nothing of it is left when the test ends, however it ends: the process that holds the
/// namespace ends with its input.
final class Disk: Sendable {
    private let holder: pid_t
    private let input: Int32
    /// Where the disk is, for processes within and seen from outside.
    let inside: String
    let path: String

    /// Makes a folder a disk of so many KiB.
    init(at folder: String, kibibytes: Int) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        inside = folder
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        try #require(made == 0)
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        input = ends[1]
        let ready = folder + "/ready"
        holder = try Self.spawn(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=\(kibibytes)k tmpfs '\(folder)' && : > '\(ready)' && exec cat"],
            input: ends[0])
        close(ends[0])
        path = "/proc/\(holder)/root" + folder
        while !FileManager.default.fileExists(atPath: path + "/ready") {
            var status: Int32 = 0
            try #require(waitpid(holder, &status, WNOHANG) == 0, "no mount namespace with a tmpfs: run this test as root")
            try await Task.sleep(for: .milliseconds(2))
        }
        unlink(path + "/ready")
    }

    /// What starts a program where the disk is.
    var command: [String] { ["nsenter", "-t", "\(holder)", "-m", "--"] }

    /// Leaves no room for another byte.
    func fill() {
        let descriptor = open(path + "/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 1, count: 4_096)
        while write(descriptor, bytes, bytes.count) > 0 {}
    }

    var isFull: Bool { FileManager.default.fileExists(atPath: path + "/filler") }

    func empty() { unlink(path + "/filler") }

    deinit {
        close(input)
        waitpid(holder, nil, 0)
    }

    private static func spawn(_ arguments: [String], input: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        var words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, nil, &words, environ)
        try #require(result == 0, "cannot start \(arguments[0]): \(String(cString: strerror(result)))")
        return pid
    }
}
