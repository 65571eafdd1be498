import MusterCore
import MusterSim

/// A fleet's story as lines for people.
enum StoryText {
    /// `2:05.250  event    resource.failed node1  (silence=10.2 s)`, at most so many, the latest.
    static func lines(_ story: Story, limit: Int = .max) -> [String] {
        let entries = story.entries
        let left = max(0, entries.count - limit)
        let head = left > 0 ? ["… \(left) earlier"] : []
        return head + entries.suffix(limit).map(line)
    }

    static func line(_ entry: Story.Entry) -> String {
        let kind = entry.kind.rawValue
        let detail = entry.event.map(facts) ?? ""
        return "\(time(entry.at))  \(kind)\(String(repeating: " ", count: max(1, 10 - kind.count)))\(entry.words)\(detail.isEmpty ? "" : "  (\(detail))")"
    }

    /// `h:mm:ss.mmm` without leading zeros of hours, in ten columns.
    private static func time(_ milliseconds: Int64) -> String {
        func padded(_ number: Int64, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)" }
        let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
        let seconds = "\(padded(milliseconds / 1_000 % 60, 2)).\(padded(milliseconds % 1_000, 3))"
        let text = hours > 0 ? "\(hours):\(padded(minutes, 2)):\(seconds)" : "\(minutes):\(seconds)"
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    private static func facts(_ event: Event) -> String {
        event.data.sorted { $0.key < $1.key }.filter { !$0.value.isNull && $0.value != false }.map { key, value in
            if key == "silence" || key == "milliseconds", let length = value.int { return "\(key)=\(Quantity.people(milliseconds: length))" }
            return "\(key)=\(value.string ?? value.json)"
        }.joined(separator: " ")
    }
}
