import ArgumentParser
import MusterCore

struct ArmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "arm", abstract: "Lets failovers happen.")
    @OptionGroup var engine: EngineOptions

    func run() async throws { try await engine.order("arm", says: "armed: failovers happen") }
}

struct DisarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disarm", abstract: "Lets no failover happen, until armed again.",
        discussion: "Machines are still watched, and what would have happened shows as blocked.")
    @OptionGroup var engine: EngineOptions
    @Option(name: .customLong("for"), help: ArgumentHelp("After this time they are armed by themselves (2h).", valueName: "time"))
    var length: String?

    func run() async throws {
        try await engine.order("disarm", length.map { ["for": .string($0)] } ?? [:]) { answer in
            "disarmed: no failover happens until" + (answer["until"].int.map { " \(Times.clock($0)), or muster arm" } ?? ": muster arm")
        }
    }
}

struct MaintenanceCommand: AsyncParsableCommand {
    enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

    static let configuration = CommandConfiguration(
        commandName: "maintenance", abstract: "Takes a machine out of use, or returns it.")
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The machine.") var name: String
    @Argument(help: "on or off.") var to: Switch
    @Option(name: .customLong("for"), help: ArgumentHelp("After this time it is in use again by itself (2h).", valueName: "time"))
    var length: String?

    func validate() throws {
        if length != nil, to == .off { throw ValidationError("--for is how long a maintenance lasts: it goes with on.") }
    }

    func run() async throws {
        var arguments: Fields = ["name": .string(name), "on": .bool(to == .on)]
        arguments["for"] = length.map { .string($0) }
        try await engine.order("maintenance", .object(arguments)) { answer in
            if to == .off { return "\(name) is in use again" }
            return "\(name) is in maintenance: nothing is placed on it" + (answer["until"].int.map { " until \(Times.clock($0))" } ?? "")
        }
    }
}

extension EngineOptions {
    /// Gives an order, and says what it did.
    func order(_ request: String, _ arguments: Value = [:], says words: String) async throws {
        try await order(request, arguments) { _ in words }
    }

    /// The same, with words for what the engine answers.
    func order(_ request: String, _ arguments: Value = [:], says words: (Value) -> String) async throws {
        let answer = try await client.request(request, arguments)
        show.value(answer) { [words(answer)] }
    }
}
