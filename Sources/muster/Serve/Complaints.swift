import Logging
import Synchronization

/// What goes wrong again and again, said once a minute: a full disk must not be filled with lines that it is full.
final class Complaints: Sendable {
    private let said = Mutex<[String: ContinuousClock.Instant]>([:])

    func complain(_ text: String, to logger: Logger) {
        let now = ContinuousClock.now
        let isNew = said.withLock { said in
            said = said.filter { now - $0.value < .seconds(60) }
            guard said[text] == nil else { return false }
            said[text] = now
            return true
        }
        if isNew { logger.error("\(text)") }
    }
}
