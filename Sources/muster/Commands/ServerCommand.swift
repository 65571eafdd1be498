import ArgumentParser
import MusterConsole
import MusterCore

struct ServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Starts, stops and moves servers.", subcommands: [Start.self, Stop.self, Move.self])

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Wants a server running: a hook finds it a machine.")
        @OptionGroup var order: TargetOrder

        func run() async throws { try await order.give("server.start", reached: "running") }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Wants a server stopped.")
        @OptionGroup var order: TargetOrder

        func run() async throws { try await order.give("server.stop", reached: "stopped") }
    }
}

extension ServerCommand {
    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wants a running server on another machine: it is stopped where it is, and started there.")
        @OptionGroup var order: TargetOrder
        @Argument(help: "The machine; without it, whichever suits the server best.") var to: String?

        func run() async throws { try await order.give("server.move", reached: "running", to: to) }
    }
}

/// The wish that a server be running or stopped.
struct TargetOrder: ParsableArguments {
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The server.") var name: String
    @Flag(help: "Wait until it is so.") var wait = false
    @Option(help: "How long to wait.") var timeout = Length(milliseconds: 600_000)

    func give(_ request: String, reached: String, to machine: String? = nil) async throws {
        let client = engine.client
        let awaiting = try await Awaiting(client)
        var arguments: Fields = ["name": .string(name)]
        arguments["to"] = machine.map { .string($0) }
        _ = try await client.request(request, .object(arguments))
        var server = try await look()
        if wait, try Self.isOver(server, reached) == false {
            let (name, show) = (name, engine.show)
            let end = try await awaiting.first(within: timeout.duration) { event -> Value? in
                guard event.server?.rawValue == name else { return nil }
                Awaiting.progress(event, show)
                let server = try await Self.look(client, name)
                // A bare nil would be a value: the null of JSON.
                return try Self.isOver(server, reached) ? server : Value?.none
            }
            guard let end else {
                throw MusterError(
                    .timeout, "\(name) is not \(reached) after \(Quantity.people(milliseconds: timeout.milliseconds))",
                    hint: "muster status; muster runs", subject: name)
            }
            server = end
        }
        engine.show.value(server) { ["\(name) is \(Self.words(server))"] + (wait ? [] : Self.trouble(server)) }
    }

    private func look() async throws -> Value { try await Self.look(engine.client, name) }

    private static func look(_ client: ConsoleClient, _ name: String) async throws -> Value {
        let servers = try await client.request("servers").array ?? []
        guard let server = servers.first(where: { $0["name"].string == name }) else {
            throw MusterError(.notFound, "the server \(name) is gone", hint: "muster servers lists them", subject: name)
        }
        return server
    }

    /// Whether the server is where it should be. Errors: `blocked` with the remedy as its hint.
    private static func isOver(_ server: Value, _ reached: String) throws -> Bool {
        let blocked = server["blocked"]
        guard blocked.isNull else {
            let name = server["name"].string ?? ""
            throw MusterError(
                "blocked", "\(name): \(blocked["reason"].string ?? "")", hint: blocked["remedy"].string, subject: name)
        }
        return server["state"].string == reached
    }

    private static func words(_ server: Value) -> String {
        (server["state"].string ?? "") + (server["resource"].string.map { " on \($0)" } ?? "")
    }

    private static func trouble(_ server: Value) -> [String] {
        let blocked = server["blocked"]
        guard let reason = blocked["reason"].string else { return [] }
        return ["  reason: \(reason)", "  remedy: \(blocked["remedy"].string ?? "")"]
    }
}
