import ArgumentParser
import MusterCore

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what applying a fleet file would change.")
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The fleet file (fleet.lua).", completion: .file(extensions: ["lua"])) var file: String

    func run() async throws { try await engine.fleet("plan", file, nothing: "nothing to do: the fleet is as declared") }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Makes the fleet as a file declares it.",
        discussion: "All of it or nothing. What a running server stands on is not taken away.")
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The fleet file (fleet.lua).", completion: .file(extensions: ["lua"])) var file: String

    func run() async throws { try await engine.fleet("apply", file, nothing: "nothing done: the fleet was as declared") }
}

extension EngineOptions {
    fileprivate func fleet(_ request: String, _ file: String, nothing: String) async throws {
        let source = try SourceFile.read(file)
        let differences = try await client.request(request, ["source": .string(source), "file": .string(file)])
        show.value(differences) { FleetView.lines(differences.array ?? [], nothing: nothing, Screen.out.style) }
    }
}

/// The differences between two fleets.
enum FleetView {
    static func lines(_ differences: [Value], nothing: String, _ style: Style) -> [String] {
        if differences.isEmpty { return [nothing] }
        return differences.flatMap { difference in
            let (sign, ink): (String, Ink) =
                switch difference["verb"].string {
                case "add": ("+", .good)
                case "remove": ("-", .bad)
                default: ("~", .busy)
                }
            let noun = [difference["noun"].string, difference["name"].string].compactMap { $0 }.filter { !$0.isEmpty }
            let details = (difference["details"].array ?? []).compactMap(\.string).map { "    " + TextWidth.clean($0) }
            return [style("\(sign) \(TextWidth.clean(noun.joined(separator: " ")))", ink)] + details
        }
    }
}
