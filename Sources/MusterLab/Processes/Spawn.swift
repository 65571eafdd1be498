import Foundation
import MusterCore

/// Starts programs with exactly the file descriptors they are given.
enum Spawn {
    /// POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift does not see.
    private static let newSession: Int16 = 0x80

    /// Where a program's three standard streams lead; nil leads nowhere (`/dev/null`).
    struct Streams {
        var input: Int32?
        var output: Int32?
        var error: Int32?
    }

    /// Starts a program found by PATH and returns its process number.
    ///
    /// - Parameter session: true puts it into a session of its own, so that no terminal's Ctrl-C or hang-up reaches it.
    static func start(_ arguments: [String], _ streams: Streams, session: Bool = false) throws(MusterError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [(0, streams.input), (1, streams.output), (2, streams.error)] as [(Int32, Int32?)] {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if session { posix_spawnattr_setflags(&attributes, newSession) }

        let words = arguments.map { strdup($0) }
        let environment = ProgramPath.environment.map { strdup($0) }
        defer { (words + environment).forEach { free($0) } }
        var pid: pid_t = 0
        var result = ENOENT
        if let program = ProgramPath.find(arguments[0]) {
            result = posix_spawn(&pid, program, &actions, &attributes, words + [nil], environment + [nil])
        }
        guard result == 0 else {
            throw MusterError(
                "program_missing", "\(arguments[0]) cannot be started: \(String(cString: strerror(result)))",
                hint: "`muster doctor` names the package that has it", subject: arguments[0])
        }
        return pid
    }

    /// The exit status of a child: its code, or 128 plus the signal that ended it; nil while it lives.
    static func status(of pid: pid_t, wait: Bool) -> Int32? {
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(pid, &status, wait ? 0 : WNOHANG) } while result < 0 && errno == EINTR
        guard result != 0 else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
