import ArgumentParser
import MusterScripting

/// For those who change Muster: writes what is generated from the schema of the script interface.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Writes the stubs and the reference that are generated from the schema.",
        shouldDisplay: false)

    @Option(help: ArgumentHelp("The root of Muster's sources.", valueName: "dir")) var write: String

    func run() throws {
        let changed = try SchemaFiles.write(below: write)
        Screen.out.line(
            changed.isEmpty ? "nothing to do: all files are as the schema says" : "wrote " + changed.joined(separator: ", "))
    }
}
