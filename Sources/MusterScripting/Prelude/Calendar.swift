import Foundation
import MusterCore
import MusterLua

/// `os.date` and `os.time` for scripts: the same answer for the same number of seconds on every machine, so always in UTC.
enum Calendar {
    static let functions: [LuaHostFunction] = [.function("date", date), .function("time_of", timeOf)]

    private static let date: LuaHostFunction.Body = { call throws(MusterError) in
        guard let format = call.arguments.first?.string, format.utf8.count <= 200, !format.utf8.contains(0) else {
            throw MusterError(.badArgument, "os.date wants a format of at most 200 characters", hint: "os.date(\"%H:%M\")")
        }
        var parts = try split(call.arguments.count > 1 ? call.arguments[1] : .null)
        let pattern = format.hasPrefix("!") ? String(format.dropFirst()) : format
        if pattern == "*t" { return [table(parts)] }
        // A specifier gives a few dozen characters at most; none of them can fill this.
        var buffer = [CChar](repeating: 0, count: 16_384)
        let length = strftime(&buffer, buffer.count, pattern, &parts)
        return [.string(String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))]
    }

    private static func split(_ value: Value) throws(MusterError) -> tm {
        guard let seconds = value.double, abs(seconds) < 1e11 else {
            throw MusterError(.badArgument, "os.date: \(value.json) is no time", hint: "a number of seconds since 1970, as now() gives it")
        }
        var time = time_t(seconds.rounded(.down))
        var parts = tm()
        gmtime_r(&time, &parts)
        return parts
    }

    private static func table(_ parts: tm) -> Value {
        [
            "year": .int(Int64(parts.tm_year) + 1900), "month": .int(Int64(parts.tm_mon) + 1), "day": .int(Int64(parts.tm_mday)),
            "hour": .int(Int64(parts.tm_hour)), "min": .int(Int64(parts.tm_min)), "sec": .int(Int64(parts.tm_sec)),
            "wday": .int(Int64(parts.tm_wday) + 1), "yday": .int(Int64(parts.tm_yday) + 1), "isdst": false,
        ]
    }

    private static let timeOf: LuaHostFunction.Body = { call throws(MusterError) in
        let given = call.arguments.first ?? .null
        func field(_ name: String, _ otherwise: Int64?) throws(MusterError) -> Int32 {
            guard let number = given[name].int ?? otherwise, let small = Int32(exactly: number) else {
                throw MusterError(
                    .badArgument, "os.time: \(name) is \(given[name].json)", hint: "os.time { year = 2026, month = 7, day = 1, hour = 12 }")
            }
            return small
        }
        var parts = tm()
        let year = try field("year", nil)
        guard (0...9999).contains(year) else { throw MusterError(.badArgument, "os.time: year is \(year)", hint: "a year from 0 to 9999") }
        parts.tm_year = year - 1900
        parts.tm_mon = try field("month", nil) &- 1
        parts.tm_mday = try field("day", nil)
        parts.tm_hour = try field("hour", 12)
        parts.tm_min = try field("min", 0)
        parts.tm_sec = try field("sec", 0)
        return [.int(Int64(timegm(&parts)))]
    }
}
