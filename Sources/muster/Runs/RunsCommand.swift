import ArgumentParser
import MusterCore

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists runs, tells the story of one, answers or cancels one.",
        subcommands: [List.self, Show.self, Answer.self, Cancel.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the newest runs.")
        @OptionGroup var engine: EngineOptions
        @Option(help: "At most so many.") var limit = 20
        @Flag(help: "Those that are alive, and what each waits for.") var waiting = false

        func run() async throws {
            if waiting {
                return try await engine.list("runs", ["waiting": true], none: "no runs wait") { WaitingRunsView.table($0) }
            }
            try await engine.list("runs", ["limit": .int(Int64(limit))], none: "no runs yet") { RunsView.table($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tells the story of a run, step by step.")
        @OptionGroup var engine: EngineOptions
        @Argument(help: "The run's number.") var id: Int64

        func run() async throws {
            let story = try await engine.client.request("run", ["id": .int(id)])
            let (run, steps) = (try story["run"].decode(Run.self), try story["steps"].decode([Step].self))
            engine.show.value(story) { RunStory(run, steps, Screen.out.style, width: Screen.out.width).lines }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a run: its script gets an error at its next step, so that its undo happens.")
        @OptionGroup var engine: EngineOptions
        @Argument(help: "The run's number.") var id: Int64

        func run() async throws {
            try await engine.order("run.cancel", ["id": .int(id)], says: "run \(id) is being cancelled: muster runs show \(id)")
        }
    }
}

enum RunsView {
    static func table(_ values: [Value], now: Int64 = Times.now) -> Table {
        var table = Table(">RUN", "STATUS", "HOOK", "FOR", "STARTED", ">TOOK", "ERROR")
        for run in values.compactMap({ try? $0.decode(Run.self) }) {
            let took = run.finished.map { Quantity.people(milliseconds: $0.milliseconds - run.at.milliseconds) }
            table.add(
                Table.Cell("\(run.id)"), .state(run.status.rawValue), Table.Cell(run.hook.rawValue, .bold),
                Table.Cell(subject(of: run)), Table.Cell(Times.ago(run.at.milliseconds, now: now)), Table.Cell(took ?? ""),
                Table.Cell(run.error.map { "\($0.message) [\($0.code.rawValue)]" } ?? "", .bad))
        }
        return table
    }

    private static func subject(of run: Run) -> String {
        switch run.cause {
        case .script(let operatorName), .prompt(let operatorName): operatorName
        case .event, .timer: run.key
        }
    }
}
