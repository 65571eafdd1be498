import Logging
import MusterCore
import Synchronization

/// The counters that all parts of the boot service share, and the log of what they could not read.
final class CounterBook: Sendable {
    private struct State {
        var counters = BootCounters()
        var malformedLog = MalformedLog()
        /// When a reason for silence was last logged.
        var lastLines: [String: Moment] = [:]
    }

    private let state = Mutex(State())
    private let time: any TimeSource
    private let logger: Logger

    init(time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
    }

    var snapshot: BootCounters { state.withLock { $0.counters } }

    func received(_ network: BootCounters.Network) {
        state.withLock { $0.counters[network].received += 1 }
    }

    func answered(_ network: BootCounters.Network) {
        state.withLock { $0.counters[network].answered += 1 }
    }

    /// Counts a packet that gets no answer. With a line, that line is logged, the same reason at most once a minute: a client
    /// repeats its question every few seconds.
    func ignored(_ network: BootCounters.Network, _ reason: String, line: String? = nil) {
        let now = time.now().monotonic
        let isDue = state.withLock { state in
            state.counters[network].ignored[reason, default: 0] += 1
            let key = "\(network.rawValue) \(reason)"
            if let last = state.lastLines[key], now - last < MalformedLog.interval { return false }
            state.lastLines[key] = line == nil ? state.lastLines[key] : now
            return true
        }
        if isDue, let line { logger.warning("\(line)") }
    }

    func malformed(_ network: BootCounters.Network, _ kind: MalformedKind) {
        state.withLock { state in
            state.counters[network].malformed[kind.rawValue, default: 0] += 1
            state.malformedLog.note(kind, of: network)
        }
        report()
    }

    /// Logs what is due. Called on each malformed packet and from time to time, so that the last minute's counts are not kept
    /// back.
    func report() {
        let now = time.now().monotonic
        if let line = state.withLock({ $0.malformedLog.line(at: now) }) { logger.warning("\(line)") }
    }
}
