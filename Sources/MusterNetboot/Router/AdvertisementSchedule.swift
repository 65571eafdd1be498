import MusterCore

/// When to send router advertisements: regularly, and soon after a solicitation.
///
/// RFC 4861 section 6.2.6 would have three seconds between advertisements to all; a machine that boots waits for this very
/// packet, and one packet of 16 octets harms no boot network, so the gap is a tenth of a second.
struct AdvertisementSchedule {
    static let interval: Int64 = 4000
    static let gap: Int64 = 100
    /// Until the next try when the interface had no address to send from.
    static let retry: Int64 = 1000

    private var last: Moment?
    private var next: Moment

    init(now: Moment) { next = now }

    /// A host asked: milliseconds from now to the next advertisement.
    mutating func solicited(at now: Moment) -> Int64 {
        let soonest = last.map { max(now, $0.advanced(by: Self.gap)) } ?? now
        next = min(next, soonest)
        return max(0, next - now)
    }

    /// Milliseconds from now to the next advertisement.
    func wait(at now: Moment) -> Int64 { max(0, next - now) }

    /// Whether an advertisement is due; when it is, it counts as sent.
    mutating func isDue(at now: Moment) -> Bool {
        guard next <= now else { return false }
        last = now
        next = now.advanced(by: Self.interval)
        return true
    }

    /// The due advertisement could not be sent.
    mutating func missed(at now: Moment) {
        last = nil
        next = now.advanced(by: Self.retry)
    }
}
