import Foundation
import MusterCore

/// Reads a secret without showing it.
enum SecretInput {
    /// A secret of this length is a mistake: somebody sent a file.
    private static let longest = 64 << 10

    /// One line typed at a terminal without echo, or all of standard input; one newline at the end does not belong to it.
    /// Errors: `bad_argument` for an empty one or one that is too long.
    static func read(prompt: String) throws -> Secret {
        var bytes = isatty(STDIN_FILENO) == 1 ? typed(prompt) : received(until: nil)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw MusterError(.badArgument, "the secret is empty", hint: "type it, or send it: muster secret set NAME < FILE")
        }
        guard bytes.count <= longest else { throw MusterError(.badArgument, "the secret is longer than \(longest >> 10) KiB") }
        return Secret(bytes: bytes)
    }

    private static func typed(_ prompt: String) -> [UInt8] {
        Screen.error.write(prompt)
        HiddenTyping.begin()
        let bytes = received(until: UInt8(ascii: "\n"))
        HiddenTyping.end()
        Screen.error.write("\n")
        return bytes
    }

    private static func received(until end: UInt8?) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= longest {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            if let end, bytes.last == end { break }
        }
        return bytes
    }
}

/// A terminal without echo, which gets it back however the program ends.
private enum HiddenTyping {
    /// Written before the signal handlers that read it are set, and by one thread.
    nonisolated(unsafe) private static var before = termios()

    static func begin() {
        tcgetattr(STDIN_FILENO, &before)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            signal(number) { number in
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &HiddenTyping.before)
                _exit(128 + number)
            }
        }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
    }

    static func end() {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { signal(number, SIG_DFL) }
    }
}
