import Foundation

/// One of the two output streams: text goes out at once and whole.
struct Screen: Sendable {
    let descriptor: Int32
    let isTerminal: Bool
    let style: Style

    static let out = Screen(STDOUT_FILENO)
    static let error = Screen(STDERR_FILENO)

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        let environment = ProcessInfo.processInfo.environment
        let isDumb = environment["TERM"] == "dumb" || !(environment["NO_COLOR"] ?? "").isEmpty
        style = Style(isColoured: isTerminal && !isDumb)
    }

    /// The terminal's columns; nil when this is no terminal, so that nothing is cut.
    var width: Int? {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    func line(_ text: String) { write(text + "\n") }

    /// From now on the program ends when its reader goes, also while there is nothing to write.
    func endWithReader() {
        let descriptor = descriptor
        Thread.detachNewThread {
            // Nothing is asked for: what is wrong is told anyway.
            var watched = pollfd(fd: descriptor, events: 0, revents: 0)
            while poll(&watched, 1, -1) < 0, errno == EINTR {}
            if watched.revents & Int16(POLLERR) != 0 { exit(128 + SIGPIPE) }
        }
    }

    /// Writes all of it. A reader that went away ends the program, as it ends any other in a pipe.
    func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                exit(128 + SIGPIPE)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
