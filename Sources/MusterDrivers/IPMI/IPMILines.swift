import Foundation

/// The lines to all controllers, by name; each is made at its first use and kept.
final class IPMILines: @unchecked Sendable {
    /// What is kept of one controller.
    final class Line: @unchecked Sendable {
        let session: IPMILine
        let tickets = OrderTickets()
        private let lock = NSLock()
        private var closing = false

        init(timing: IPMITiming) { session = IPMILine(timing: timing) }

        /// True when the caller is the one who shall see to closing the idle session.
        func startsClosing() -> Bool {
            lock.withLock {
                defer { closing = true }
                return !closing
            }
        }

        /// Closes the session when it is idle; returns whether to come again. Called on the controller's lane, so that no
        /// session is opened between the look and the end of the duty.
        func keepsClosing() -> Bool {
            let open = session.closeIfIdle()
            if !open { lock.withLock { closing = false } }
            return open
        }
    }

    private let lock = NSLock()
    private var lines: [String: Line] = [:]

    func line(_ name: String, timing: IPMITiming) -> Line {
        lock.withLock {
            if let line = lines[name] { return line }
            let line = Line(timing: timing)
            lines[name] = line
            return line
        }
    }

    var names: [String] { lock.withLock { lines.keys.sorted() } }
}
