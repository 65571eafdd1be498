import ArgumentParser

/// Which Muster this is.
enum Version {
    static let number = "0.1.0"
    static let text = "muster \(number)"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which Muster this is.")

    @OptionGroup var show: ShowOptions

    func run() {
        show.value(["version": .string(Version.number)]) { [Version.text] }
    }
}
