import MusterCore
import MusterLua

/// What `events.follow` is asked for at a prompt.
enum EventFollowing {
    /// Refuses a pattern that no event's name can match: one would wait for it in vain.
    static let check = LuaHostFunction.function("check_pattern") { call throws(MusterError) in
        guard let text = call.arguments.first?.string else { return [] }
        let names = Schema.eventList.map(\.name)
        let pattern = EventPattern(text)
        if names.contains(where: pattern.matches) || text.hasPrefix("user.") || text.hasPrefix("*") { return [] }
        let like = Spelling.nearest(text, names) ?? names.first { $0.hasPrefix(text + ".") }.map { _ in text + ".*" }
        throw MusterError(
            .badArgument, "events.follow: no event's name is like \"\(text)\"",
            hint: like.map { "did you mean \"\($0)\"?" } ?? "docs/events.md lists them; your own begin with \"user.\"")
    }

    /// What the arguments of the step ask for: a pattern, or false for no more.
    static func request(_ arguments: [Value]) -> Value {
        switch arguments.first ?? .null {
        case .bool(false): false
        case .string(let pattern): .string(pattern)
        default: "*"
        }
    }
}
