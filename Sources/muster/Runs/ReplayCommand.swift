import ArgumentParser
import MusterConsole
import MusterCore

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Replays recorded runs without doing anything, and says where they would go another way.",
        discussion: """
            With --with FILE the runs are replayed against that file in the place of the hook file or script they ran: the check before a \
            changed policy is put in its place. The exit code is 1 when any run goes another way.
            """)
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The runs' numbers.") var runs: [Int64]
    @Option(help: "The changed file.", completion: .file(extensions: ["lua"])) var with: String?

    func run() async throws {
        let source = try with.map { try SourceFile.read($0) }
        var answers: [Value] = []
        for id in runs {
            var arguments: Fields = ["id": .int(id)]
            arguments["source"] = source.map { .string($0) }
            answers.append(try await engine.client.request("replay", .object(arguments)))
        }
        let shown = try answers.flatMap(lines)
        engine.show.value(.array(answers)) { shown }
        guard answers.allSatisfy({ $0["same"] == true }) else { throw ExitCode.failure }
    }

    private func lines(_ answer: Value) throws -> [String] {
        let style = Screen.out.style
        let (id, steps, recorded) = (answer["run"].int ?? 0, answer["steps"].int ?? 0, answer["recorded"].int ?? 0)
        if answer["same"] == true { return ["run \(id): \(style("the same", .good)), \(steps) steps"] }
        let problem = try answer["problem"].decode(MusterError.self)
        return ["run \(id): \(style("goes another way", .bad)) after \(steps) of \(recorded) steps"]
            + FailureReport.lines(problem, style).map { "  \($0)" }
    }
}
