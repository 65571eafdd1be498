import ArgumentParser
import MusterCore

struct ResourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resources", abstract: "Lists the machines.")
    @OptionGroup var engine: EngineOptions

    func run() async throws { try await engine.list("resources", none: "no machines", ListViews.resources) }
}

struct ServersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "Lists the servers, or says where one could run and why.",
        subcommands: [List.self, Why.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the servers.")
        @OptionGroup var engine: EngineOptions

        func run() async throws { try await engine.list("servers", none: "no servers") { ListViews.servers($0) } }
    }

    struct Why: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows every machine for a server: the candidates, best first, and why not the others.")
        @OptionGroup var engine: EngineOptions
        @Argument(help: "The server.") var name: String

        func run() async throws {
            let value = try await engine.client.request("why", ["name": .string(name)])
            engine.show.value(value) { WhyView.lines(value) }
        }
    }
}

struct ImagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: "Lists the images.")
    @OptionGroup var engine: EngineOptions

    func run() async throws { try await engine.list("images", none: "no images", ListViews.images) }
}

extension EngineOptions {
    /// Shows what a query of the engine lists, or the words for nothing.
    func list(_ request: String, _ arguments: Value = [:], none: String, _ table: ([Value]) -> Table) async throws {
        let values = try await client.request(request, arguments)
        show.value(values) {
            let items = values.array ?? []
            return items.isEmpty ? [none] : Screen.out.table(table(items))
        }
    }
}
