import Foundation
import MusterCore

/// The numbers of power orders to one controller: a later order ends the claim of an earlier one to go on.
///
/// So a power-on that still waits for its machine cannot switch it on again after a fence saw it off.
final class OrderTickets: @unchecked Sendable {
    struct Ticket: Sendable { let number: Int }

    private let lock = NSLock()
    private var last = 0

    func next() -> Ticket {
        lock.withLock {
            last += 1
            return Ticket(number: last)
        }
    }

    /// Errors: `stale` when a later order was given.
    func check(_ ticket: Ticket, _ target: IPMITarget) throws {
        guard lock.withLock({ last }) == ticket.number else {
            throw MusterError(
                .stale, "a later power order for BMC \(target.name) overtook this one", hint: "look at the machine's events",
                subject: target.name)
        }
    }
}
