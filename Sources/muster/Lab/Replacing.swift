import Foundation
import MusterCore

/// Gives this process to another program, so that its signals, terminal and exit code are that one's.
enum Replacing {
    /// Returns only by throwing. Errors: `command_failed`.
    static func process(with words: [String]) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        // Threads of Swift's pool block signals, and the other program would inherit that.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        pthread_sigmask(SIG_SETMASK, &noSignals, nil)
        if let program = arguments.first ?? nil { execvp(program, &arguments) }
        throw MusterError("command_failed", "cannot run \(words.first ?? ""): \(String(cString: strerror(errno)))")
    }
}
