import Foundation
import Synchronization
import Testing

/// A program at a terminal of its own, typed to and read from like by a person.
final class TerminalProgram: Sendable {
    private let master: Int32
    private let pid: pid_t
    private let seen = Mutex("")

    /// TIOCSPTLCK and TIOCGPTN of ioctl_tty(2): unlock the other side, and tell its number.
    private static let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

    /// Starts a program on a new pseudo-terminal of 100 columns, which becomes its controlling one.
    init(_ path: String, _ arguments: [String], environment: [String: String]) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(master >= 0)
        var (locked, number): (Int32, Int32) = (0, 0)
        try #require(ioctl(master, Self.setLock, &locked) == 0 && ioctl(master, Self.getNumber, &number) == 0)
        let name = "/dev/pts/\(number)"
        var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that the leader of a new session opens becomes its controlling one.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of Swift's pool block signals, and a child inherits that.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        let newSession: Int16 = 0x80
        posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var pid: pid_t = 0
        try #require(posix_spawn(&pid, path, &actions, &attributes, &words, &settings) == 0)
        self.pid = pid
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(master, &buffer, buffer.count)
                // The last one to close a terminal makes reading it fail.
                guard count > 0 else { break }
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                seen.withLock { $0 += text }
            }
        }
    }

    deinit {
        close(master)
    }

    /// Everything that it wrote since the last `expect`.
    var unread: String { seen.withLock { $0 } }

    func type(_ text: String) { _ = text.withCString { write(master, $0, strlen($0)) } }

    /// Tells it to end.
    func hangUp() { kill(pid, SIGTERM) }

    /// Waits until it wrote a text, and forgets everything up to there.
    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(90))
        while ContinuousClock.now < deadline {
            let found = seen.withLock { seen in
                guard let range = seen.range(of: text) else { return false }
                seen = String(seen[range.upperBound...])
                return true
            }
            if found { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        kill(pid, SIGKILL)
        Issue.record(
            "waited in vain for \(text.debugDescription), saw \(unread.debugDescription)", sourceLocation: sourceLocation)
        throw Silent()
    }

    struct Silent: Error {}

    /// Whether the terminal shows what is typed.
    var isEchoing: Bool {
        var settings = termios()
        tcgetattr(master, &settings)
        return settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Waits for the program's end; its exit code as a shell tells it.
    func end(sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int32 {
        var status: Int32 = 0
        let deadline = ContinuousClock.now.advanced(by: .seconds(90))
        while waitpid(pid, &status, WNOHANG) == 0 {
            if ContinuousClock.now > deadline {
                Issue.record("it does not end; it wrote \(unread.debugDescription)", sourceLocation: sourceLocation)
                kill(pid, SIGKILL)
                throw Silent()
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
