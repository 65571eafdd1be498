import Foundation

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessIdentity: Codable, Sendable, Hashable {
    var pid: Int32
    /// Clock ticks after the start of the system (proc(5), `stat` field 22).
    var started: String

    /// The living process with this number; nil when there is none (a zombie is dead).
    init?(pid: Int32) {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 19, !["Z", "X"].contains(fields[0]) else { return nil }
        self.pid = pid
        started = String(fields[19])
    }

    var isAlive: Bool { ProcessIdentity(pid: pid) == self }

    /// True while it is stopped by a signal.
    var isStopped: Bool {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        return text.contains("State:\tT") && isAlive
    }

    func kill(_ signal: Int32) { if isAlive { Glibc.kill(pid, signal) } }

    /// Waits until it is gone; false when it is not by then.
    func waitUntilGone(seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while isAlive {
            if ContinuousClock.now > end { return false }
            usleep(10_000)
        }
        _ = Spawn.status(of: pid, wait: false)  // a child of ours is a zombie until it is waited for
        return true
    }
}
