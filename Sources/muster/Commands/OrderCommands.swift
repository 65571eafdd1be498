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

    func run() async throws { try await engine.order("disarm", says: "disarmed: no failover happens until: muster arm") }
}

struct MaintenanceCommand: AsyncParsableCommand {
    enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

    static let configuration = CommandConfiguration(
        commandName: "maintenance", abstract: "Takes a machine out of use, or returns it.")
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The machine.") var name: String
    @Argument(help: "on or off.") var to: Switch

    func run() async throws {
        try await engine.order(
            "maintenance", ["name": .string(name), "on": .bool(to == .on)],
            says: to == .on ? "\(name) is in maintenance: nothing is placed on it" : "\(name) is in use again")
    }
}

extension EngineOptions {
    /// Gives an order, and says what it did.
    func order(_ request: String, _ arguments: Value = [:], says words: String) async throws {
        let answer = try await client.request(request, arguments)
        show.value(answer) { [words] }
    }
}
