import MusterCore

/// The way to one controller: its session while one is open, and the cipher suite that worked.
///
/// Sendable because every method runs on the controller's own lane (`SerialLanes`), one at a time. Only one session is ever
/// open: some controllers refuse a second.
final class IPMILine: @unchecked Sendable {
    private var session: IPMISession?
    private var owner: IPMITarget?
    private var lastUse = Stopwatch()
    private var workingSuite: Int?
    private let timing: IPMITiming

    init(timing: IPMITiming) { self.timing = timing }

    /// Asks something that may safely be asked twice. A kept session that got lost is opened anew, once; not for a question that the controller
    /// may not know: some leave such a one without an answer, and others wait behind it.
    func query(
        _ target: IPMITarget, function: UInt8, command: UInt8, data: [UInt8] = [], mayBeUnknown: Bool = false
    ) throws(IPMIFailure) -> [UInt8] {
        if let kept = kept(for: target) {
            do {
                return try use(kept, function, command, data)
            } catch {
                guard error.losesSession, !mayBeUnknown else { throw error }
                // It is closed now; a new one tells whether the controller is there.
            }
        }
        let fresh = try open(target, patience: timing.patience)
        session = fresh
        owner = target
        return try use(fresh, function, command, data)
    }

    /// Orders something that must not be sent twice: in a session of its own that never retransmits.
    func order(_ target: IPMITarget, function: UInt8, command: UInt8, data: [UInt8]) throws(IPMIFailure) -> [UInt8] {
        close()
        let single = try open(target, patience: timing.patience.withoutRetransmission)
        do {
            return try single.request(function: function, command: command, data: data)
        } catch {
            throw error.leavesDoubt ? .lost : error
        }
    }

    var isOpen: Bool { session != nil }

    func close() {
        session = nil
        owner = nil
    }

    /// Closes a session that nobody used for a while: past its timeout it could not even say goodbye to the controller.
    /// Returns whether one is still open.
    func closeIfIdle() -> Bool {
        if session != nil, lastUse.elapsed >= timing.keepIdle { close() }
        return isOpen
    }

    private func kept(for target: IPMITarget) -> IPMISession? {
        if owner != target || lastUse.elapsed > Int64(timing.patience.silence) / 2 { close() }
        return session
    }

    private func use(
        _ session: IPMISession, _ function: UInt8, _ command: UInt8, _ data: [UInt8]
    ) throws(IPMIFailure) -> [UInt8] {
        do {
            let answer = try session.request(function: function, command: command, data: data)
            lastUse = Stopwatch()
            return answer
        } catch {
            lastUse = Stopwatch()
            if error.losesSession { close() }
            throw error
        }
    }

    private func open(_ target: IPMITarget, patience: IPMIPatience) throws(IPMIFailure) -> IPMISession {
        close()
        var suites = target.cipherSuites
        if let workingSuite, let place = suites.firstIndex(of: workingSuite) { suites.swapAt(0, place) }
        var last = IPMIFailure.library(10)
        for suite in suites {
            do {
                let session = try IPMISession(target, suite: suite, patience: patience)
                workingSuite = suite
                return session
            } catch {
                guard error.speaksOfCipher else { throw error }
                last = error
            }
        }
        throw last
    }
}
