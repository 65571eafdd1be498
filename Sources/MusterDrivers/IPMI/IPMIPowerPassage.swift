import MusterCore
import MusterEngine

/// One order to bring a machine's power to a goal, from the first reading to the one that shows the goal.
///
/// A completion code is never taken for the fact, nor is a lost answer: every order is followed by readings, and given again only
/// after a reading that shows it had no effect.
struct IPMIPowerPassage {
    private enum Order {
        case accepted(Stopwatch)
        /// Sent, but no answer came; or the controller was busy. Read, then give it again.
        case doubtful
        case refused(IPMIFailure, Stopwatch)
    }

    private static let passing: Set<MusterError.Code> = [.bmcSilent, .bmcBusy, .bmcProtocol]

    private let driver: IPMIDriver
    private let target: IPMITarget
    private let goal: Power
    private let ticket: OrderTickets.Ticket
    private let identity: String
    private let timeout: Int64
    private let watch = Stopwatch()
    private var orders = 0
    private var refusals = 0
    private var sinceFirstOrder = Stopwatch()

    init(
        driver: IPMIDriver, target: IPMITarget, goal: Power, ticket: OrderTickets.Ticket, identity: String, timeout: Int64
    ) {
        self.driver = driver
        self.target = target
        self.goal = goal
        self.ticket = ticket
        self.identity = identity
        self.timeout = timeout
    }

    /// Returns what was seen, in words. Errors: `still_on` or `still_off`, `stale`, `bmc_*`.
    func run() async throws -> String {
        var passage = self
        return try await passage.proceed()
    }

    private mutating func proceed() async throws -> String {
        let before = try await driver.reading(target)
        if before == goal { return "BMC \(target.name) reads \(goal.rawValue): it was so already (\(identity))" }
        sinceFirstOrder = Stopwatch()
        var order = try await give()
        var unread: MusterError?
        while true {
            try await Task.sleep(for: .milliseconds(driver.timing.poll))
            try driver.line(of: target).tickets.check(ticket, target)
            do {
                if try await driver.reading(target) == goal { return seen(before: before) }
                unread = nil
            } catch let error as MusterError where Self.passing.contains(error.code) {
                // Controllers fall silent or talk nonsense for a while when power changes. Nothing is concluded from it.
                unread = error
            }
            // After a reading, never before: what is said of the power was seen after the last order.
            guard watch.elapsed < timeout else { throw unread ?? timedOut(order) }
            if try unread == nil && isDue(order) { order = try await give() }
        }
    }

    private mutating func give() async throws -> Order {
        orders += 1
        do {
            try await driver.order(goal == .on ? .powerUp : .powerDown, target, ticket: ticket)
            return .accepted(Stopwatch())
        } catch let failure as IPMIFailure {
            let error = failure.error(target)
            if failure == .lost || error.code == .bmcBusy || error.code == .bmcSilent { return .doubtful }
            guard case .completion = failure, error.code != .bmcPrivilege else { throw error }
            refusals += 1
            return .refused(failure, Stopwatch())
        }
    }

    /// Whether to give the order again, now that a reading showed it had no effect. A refusal is believed the second time.
    private func isDue(_ order: Order) throws -> Bool {
        switch order {
        case .accepted(let since): return since.elapsed >= driver.timing.reorder
        case .doubtful: return true
        case .refused(let failure, let since):
            guard refusals < 2 else { throw failure.error(target) }
            return since.elapsed >= driver.timing.poll * 4
        }
    }

    private func seen(before: Power) -> String {
        let seconds = Quantity.people(milliseconds: sinceFirstOrder.elapsed)
        let times = orders == 1 ? "the order" : "the first of \(orders) orders"
        return "BMC \(target.name) read back \(goal.rawValue) \(seconds) after \(times) (was \(before.rawValue); \(identity))"
    }

    private func timedOut(_ order: Order) -> MusterError {
        let opposite = goal == .off ? "on" : "off"
        let answer =
            switch order {
            case .accepted: "it said the order was done"
            case .doubtful: "its answer to the order was lost or it was busy"
            case .refused(let failure, _): failure.error(target).message
            }
        return MusterError(
            goal == .off ? .stillOn : "still_off",
            "BMC \(target.name) still reads \(opposite) after \(Quantity.people(milliseconds: watch.elapsed)), "
                + "\(orders) order\(orders == 1 ? "" : "s"): \(answer)",
            hint: goal == .off
                ? "pull the machine's power, see it dark, then `muster fence NAME --confirm-off`"
                : "look at the machine: its power supply, and its BMC's own log",
            subject: target.name)
    }
}
