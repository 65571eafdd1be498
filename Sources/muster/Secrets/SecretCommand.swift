import ArgumentParser
import Foundation
import MusterCore
import MusterStore

struct SecretCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Keeps passwords and keys, encrypted, in the state directory.",
        discussion: "fleet.lua names them: password = secret \"bmc/node1\". No engine is needed.",
        subcommands: [Set.self, List.self, Remove.self])

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reads a secret from standard input and keeps it.")
        @OptionGroup var place: SecretPlace
        @Argument(help: "Its name (bmc/node1).") var name: String

        func validate() throws {
            let isPlain = name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
            }
            guard !name.isEmpty, name.count <= 128, isPlain else {
                throw ValidationError("a secret's name is 1 to 128 characters without spaces")
            }
        }

        func run() throws {
            let secret = try SecretInput.read(prompt: "secret \(name): ")
            let store = try place.store()
            try store.set(name, secret)
            place.show.value(["name": .string(name)]) { ["\(name) is set"] }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the names, never the secrets.")
        @OptionGroup var place: SecretPlace

        func run() throws {
            let names = try place.store().names()
            place.show.value(.array(names.map { .string($0) })) { names.isEmpty ? ["no secrets"] : names }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets a secret.")
        @OptionGroup var place: SecretPlace
        @Argument(help: "Its name.") var name: String

        func run() throws {
            try place.store().remove(name)
            place.show.value(["name": .string(name)]) { ["\(name) is removed"] }
        }
    }
}

/// The state directory whose secrets are meant.
struct SecretPlace: ParsableArguments {
    @Option(help: ArgumentHelp("The engine's state directory.", valueName: "dir"))
    var state: String = DefaultPaths.state
    @OptionGroup var show: ShowOptions

    func store() throws -> SecretStore { try SecretStore(stateDirectory: state) }
}
