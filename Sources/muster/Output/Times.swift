import Foundation
import MusterCore

/// Times for people.
enum Times {
    static var now: Int64 { SystemTime().now().wall.milliseconds }

    /// How long ago a point in time was: `12 s ago`, `3 min ago`.
    static func ago(_ milliseconds: Int64, now: Int64 = now) -> String {
        let seconds = (now - milliseconds) / 1000
        switch seconds {
        case ..<1: return "just now"
        case ..<60: return "\(seconds) s ago"
        case ..<3600: return "\(seconds / 60) min ago"
        case ..<86_400: return "\(seconds / 3600) h ago"
        default: return "\(seconds / 86_400) d ago"
        }
    }

    /// The local time, with its date when that is not today's.
    static func clock(_ milliseconds: Int64, now: Int64 = now) -> String {
        let then = parts(milliseconds)
        let time = "\(two(then.tm_hour)):\(two(then.tm_min)):\(two(then.tm_sec))"
        let today = parts(now)
        return then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ? time : "\(date(then)) \(time)"
    }

    /// The local date.
    static func day(_ milliseconds: Int64) -> String { date(parts(milliseconds)) }

    private static func date(_ parts: tm) -> String { "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))" }

    private static func parts(_ milliseconds: Int64) -> tm {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
