import ArgumentParser

/// The command line: wiring, and words for people.
@main
enum Main {
    static func main() async {
        do {
            var command = try Muster.parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            FailureReport.exit(error)
        }
    }
}

struct Muster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Runs machines by script: a dead machine's server comes back on another machine.",
        discussion: """
            Most commands ask a running engine (muster serve). Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no engine, 4 \
            refused by a safety rule, 5 not found.
            """,
        version: Version.text,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "The engine:",
                subcommands: [ServeCommand.self, StatusCommand.self, EventsCommand.self, ArmCommand.self, DisarmCommand.self]),
            CommandGroup(
                name: "Machines and servers:",
                subcommands: [
                    ResourcesCommand.self, ServersCommand.self, ImagesCommand.self, ServerCommand.self, FenceCommand.self,
                    MaintenanceCommand.self,
                ]),
            CommandGroup(
                name: "Scripts:",
                subcommands: [
                    RunsCommand.self, ReplayCommand.self, EmitCommand.self, HooksCommand.self, RunCommand.self, CheckCommand.self,
                    ReplCommand.self,
                ]),
            CommandGroup(
                name: "Set-up:",
                subcommands: [
                    PlanCommand.self, ApplyCommand.self, SecretCommand.self, RamdiskCommand.self, DoctorCommand.self,
                    BackupCommand.self, RestoreCommand.self, VersionCommand.self, SchemaCommand.self,
                ]),
            CommandGroup(name: "To prove policies:", subcommands: [TestCommand.self, SimCommand.self]),
            CommandGroup(name: "To try it:", subcommands: [LabCommand.self]),
        ])
}
