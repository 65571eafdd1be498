import ArgumentParser
import Foundation
import MusterCore
import MusterScripting

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Finds what is wrong in hook files, scripts and fleet files, without an engine.",
        discussion: """
            Syntax, unknown globals, misspelt events, methods and options, wrong argument types, steps where none may be, and capabilities \
            that are used but not declared. Only what is surely wrong is an error: then the exit code is 1.
            """)

    @Argument(help: "Files, or folders of them.", completion: .file(extensions: ["lua"])) var paths: [String]
    @Flag(help: "They are fleet files, whatever their names.") var fleet = false
    @Option(help: "The folder of the standard library.") var library: String?
    @OptionGroup var show: ShowOptions

    func run() async throws {
        let folders = SourceFolders(hooks: DefaultPaths.folder("hooks"), library: try library ?? DefaultPaths.library())
        let problems = try await Checker.check(folders: folders, paths: paths, areFleets: fleet)
        show.value(.array(problems.map(\.value))) { problems.map { Self.text(of: $0, Screen.out.style) } }
        if problems.contains(where: { $0.severity == .error }) { throw ExitCode(ExitStatus.failed) }
    }

    private static func text(of problem: Problem, _ style: Style) -> String {
        var lines = problem.text.split(separator: "\n", omittingEmptySubsequences: false).map { TextWidth.clean(String($0)) }
        let ink: Ink = problem.severity == .error ? .bad : .busy
        lines[0] = style("\(problem.place):", .bold) + " " + style("\(problem.severity.rawValue):", ink) + " " + problem.message
        if lines.count > 2 { lines[2] = style(lines[2], ink) }
        return lines.joined(separator: "\n")
    }
}
