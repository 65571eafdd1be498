import Foundation
import MusterCore

/// Writes each durable event as a line for people to standard error.
final class EventLog: Sendable {
    private let formatter: @Sendable (Timestamp) -> String = { at in
        var seconds = time_t(at.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let fraction = at.milliseconds % 1000 / 100
        return String(format: "%02d:%02d:%02d.%d", parts.tm_hour, parts.tm_min, parts.tm_sec, Int(fraction))
    }

    func write(_ event: Event) {
        var words = [formatter(event.at), "#\(event.id)", event.name]
        words += [event.resource?.rawValue, event.server?.rawValue].compactMap { $0 }
        words += event.data.keys.sorted().compactMap { key in
            guard let value = event.data[key], !value.isNull else { return nil }
            return "\(key)=\(value.string ?? value.json)"
        }
        FileHandle.standardError.write(Data((words.joined(separator: " ") + "\n").utf8))
    }
}
