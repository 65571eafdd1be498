import MusterCore

/// A scenario's script: commands with their times, and its end. Lines of `TIME COMMAND ARGS`, and `until TIME` as the last one; `#` begins
/// a comment.
public struct Script: Sendable, Hashable {
    public struct Line: Sendable, Hashable {
        /// Virtual milliseconds from the beginning.
        public var at: Int64
        public var command: Command

        public init(at: Int64, command: Command) {
            self.at = at
            self.command = command
        }
    }

    /// In the order of their times.
    public var lines: [Line]
    /// Virtual milliseconds from the beginning.
    public var end: Int64

    public init(lines: [Line], end: Int64) {
        self.lines = lines
        self.end = end
    }

    /// Reads a script. Errors: `bad_argument` with `file:line`.
    public init(text: String, file: String) throws(MusterError) {
        lines = []
        end = -1
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty { continue }
            do throws(MusterError) {
                try take(words)
            } catch {
                var placed = error
                placed.place = "\(file):\(index + 1)"
                throw placed
            }
        }
        guard end >= 0 else { throw MusterError(.badArgument, "the script has no end", hint: "add a last line: until 10m", place: file) }
    }

    private mutating func take(_ words: [String]) throws(MusterError) {
        guard end < 0 else { throw MusterError(.badArgument, "\"until\" is the last line", hint: "move this line before it") }
        let last = lines.last?.at ?? 0
        if words[0] == "until" {
            guard words.count == 2 else { throw MusterError(.badArgument, "until has one time", hint: "until 10m") }
            end = try Command.time(words[1])
            guard end >= last else {
                throw MusterError(.badArgument, "the script ends before its last command", hint: "until \(last / 1_000 + 1)s or later")
            }
            return
        }
        let at = try Command.time(words[0])
        guard at >= last else {
            throw MusterError(.badArgument, "\(words[0]) is earlier than the line before", hint: "put the lines in order of time")
        }
        lines.append(Line(at: at, command: try Command(words: Array(words.dropFirst()))))
    }

    public var text: String { lines.map { "\(Self.time($0.at)) \($0.command)\n" }.joined() + "until \(Self.time(end))\n" }

    /// A time as scripts write it: `90s` or `1500ms`.
    public static func time(_ milliseconds: Int64) -> String {
        milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
    }
}
