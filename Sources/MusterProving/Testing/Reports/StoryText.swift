import MusterSim

/// A fleet's story as lines for who reads why a test failed.
enum StoryText {
    /// At most so many lines, the latest.
    static func lines(_ story: Story, limit: Int = .max) -> [String] {
        let left = max(0, story.entries.count - limit)
        return (left > 0 ? ["… \(left) lines before"] : []) + story.entries.suffix(limit).map(line)
    }

    /// A line of the story, with what an event says of its reason.
    static func line(_ entry: Story.Entry) -> String {
        guard let message = entry.event?.data["message"]?.string else { return entry.line }
        return "\(entry.line): \(message)"
    }
}
