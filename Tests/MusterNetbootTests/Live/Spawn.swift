import Foundation
import Testing

/// Starts programs with `posix_spawn`. Foundation's `Process` keeps descriptors open long after, and serves no more than a
/// thousand.
enum Spawn {
    struct Failure: Error { var program: String, number: Int32 }

    /// Starts a program with these descriptors as its input, output and error. All others must be close-on-exec.
    static func start(_ arguments: [String], input: Int32, output: Int32, errors: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var words = arguments.map { strdup($0) } + [nil]
        var environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + environment).forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, arguments[0], &actions, nil, &words, &environment)
        guard result == 0 else { throw Failure(program: arguments[0], number: result) }
        return pid
    }

    /// The exit status, the negative signal number, or nil while it runs.
    static func status(_ pid: pid_t) -> Int32? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : -signal
    }

    /// Waits for the end, at most so many seconds, then kills.
    static func end(_ pid: pid_t, seconds: Double) async -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let status = status(pid) { return status }
            if ContinuousClock.now > deadline { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// A file without a name.
final class ScratchFile: Sendable {
    let descriptor: Int32

    init() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "muster-scratch-\(UUID())").path
        descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0, "no temporary file: \(errno)")
        unlink(path)
    }

    deinit { close(descriptor) }

    var bytes: [UInt8] {
        var information = stat()
        fstat(descriptor, &information)
        var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}
