import ArgumentParser
import MusterConsole
import MusterCore

extension RunsCommand {
    struct Answer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Answers a run that asks.",
            discussion: """
                A script's question (ask) takes one of its answers, or any text. About a step that was under way when the engine ended, say \
                what became of it: happened (with --value, what it returned), again (do it once more), or refused (it did not happen; the script \
                gets an error).
                """)
        @OptionGroup var engine: EngineOptions
        @Argument(help: "The run's number.") var id: Int64
        @Argument(help: "The answer.") var answer: String
        @Option(help: "Which of its questions, when it asks several: the step's address.") var step: String?
        @Option(help: "With happened: what the step returned, as JSON.") var value: String?

        func run() async throws {
            var arguments: Fields = ["id": .int(id), "answer": .string(answer)]
            arguments["step"] = step.map { .string($0) }
            if let value { arguments["value"] = try Value(json: value) }
            try await engine.order("run.answer", .object(arguments), says: "run \(id) goes on: muster runs show \(id)")
        }
    }
}

/// The queue: who waits for what.
enum WaitingRunsView {
    static func table(_ values: [Value], now: Int64 = Times.now) -> Table {
        var table = Table(">RUN", "STATUS", "HOOK", "FOR", "WAITS FOR", "SINCE", "UNTIL")
        for run in values {
            let waits = run["waits"].array ?? []
            for (index, wait) in (waits.isEmpty ? [.null] : waits).enumerated() {
                let isFirst = index == 0
                func first(_ text: String) -> String { isFirst ? text : "" }
                let what = wait["question"].string.map { "an answer: \($0)" } ?? wait["for"].string ?? "nothing: it executes"
                table.add(
                    Table.Cell(first("\(run["run"].int ?? 0)")), isFirst ? .state(run["status"].string ?? "") : Table.Cell(""),
                    Table.Cell(first(run["hook"].string ?? ""), .bold), Table.Cell(first(run["key"].string ?? "")),
                    Table.Cell(TextWidth.clean(what)),
                    Table.Cell(wait["since"].int.map { Times.ago($0, now: now) } ?? ""),
                    Table.Cell(wait["until"].int.map { Times.clock($0, now: now) } ?? ""))
            }
        }
        return table
    }
}
