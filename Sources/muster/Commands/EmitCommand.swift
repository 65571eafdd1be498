import ArgumentParser
import MusterConsole
import MusterCore

struct EmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit", abstract: "Records an event of your own, for hooks to react to.",
        discussion: "The answer comes when the event is durable. With --key the same event is accepted once, however often it is sent.")
    @OptionGroup var engine: EngineOptions
    @Argument(help: "Its name, which begins with \"user.\".") var name: String
    @Argument(help: "More facts, as a JSON object.") var data: String?
    @Option(help: "What tells it from others: the same key again is the same event.") var key: String?

    func run() async throws {
        var arguments: Fields = ["name": .string(name)]
        if let data { arguments["data"] = try Value(json: data) }
        arguments["key"] = key.map { .string($0) }
        let answer = try await engine.client.request("event.emit", .object(arguments))
        engine.show.value(answer) { ["event \(answer["event"].int ?? 0)"] }
    }
}
