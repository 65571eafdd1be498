import ArgumentParser
import MusterCore

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "events", abstract: "Shows what happened, and what happens.")

    @OptionGroup var engine: EngineOptions
    @Flag(name: .shortAndLong, help: "Go on with each new event.")
    var follow = false
    @Option(help: "At most so many events of the past.")
    var limit = 50
    @Option(help: "Only events after this number, oldest first.")
    var after: Int64?

    func validate() throws {
        guard (0...100_000).contains(limit), (after ?? 0) >= 0 else {
            throw ValidationError("--limit is 0 to 100000, --after at least 0")
        }
    }

    func run() async throws {
        guard follow else {
            let past = try await past()
            if engine.show.json { return engine.show.value(.array(try past.map { try Value(encoding: $0) })) { [] } }
            return past.forEach(show)
        }
        var start = after.map { EventID($0) }
        if start == nil {
            let past = limit == 0 ? [] : try await past()
            past.forEach(show)
            start = past.last?.id ?? (limit == 0 ? nil : EventID(0))
        }
        Screen.out.endWithReader()
        try await engine.client.follow(after: start) { event in
            show(event)
            return true
        }
    }

    private func past() async throws -> [Event] {
        var arguments: Fields = ["limit": .int(Int64(limit))]
        arguments["after"] = after.map { .int($0) }
        return try await engine.client.request("events", .object(arguments)).decode([Event].self)
    }

    private func show(_ event: Event) {
        if engine.show.json {
            Screen.out.line((try? Value(encoding: event).json) ?? "null")
        } else {
            Screen.out.line(EventView.line(event, Screen.out.style, width: Screen.out.width))
        }
    }
}

/// One event as a line.
enum EventView {
    static func line(_ event: Event, _ style: Style, width: Int? = nil, now: Int64 = Times.now) -> String {
        let facts = TextWidth.clean(Words.facts(event.data))
        let concerned = TextWidth.clean(
            [event.resource?.rawValue, event.server?.rawValue].compactMap { $0 }.joined(separator: " "))
        let name = TextWidth.clean(event.name)
        let time = Times.clock(event.at.milliseconds, now: now)
        // What is last is not padded.
        let head = pad("\(event.id)", 5, right: true) + "  " + time + "  "
        let isBare = facts.isEmpty && concerned.isEmpty
        let words = [
            style(isBare ? name : pad(name, 22), .event(event.name)),
            style(facts.isEmpty ? concerned : pad(concerned, 12), .bold),
        ]
        let used = TextWidth.of(head) + max(22, TextWidth.of(name)) + max(12, TextWidth.of(concerned)) + 4
        let shown = width.map { TextWidth.cut(facts, to: max(20, $0 - used)) } ?? facts
        return style(head, .faint) + (isBare ? words[0] : words.joined(separator: "  ")) + (facts.isEmpty ? "" : "  \(shown)")
    }

    private static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - TextWidth.of(text)))
        return right ? padding + text : text + padding
    }
}
