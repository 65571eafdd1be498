import ArgumentParser
import Foundation
import MusterCore
import MusterProving
import MusterScripting
import Synchronization

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Proves policies: runs tests in Lua against a simulated fleet, under virtual time.",
        discussion: """
            Tests are in files named …_test.lua, scenarios in folders with a script: docs/testing.md. The same seed gives the same run, on every machine. Exit codes: 0 all \
            passed, 1 some failed, 2 wrong usage, broken test files, or no tests.
            """)

    @Argument(help: "Test files, scenarios, or folders of them.", completion: .file(extensions: ["lua"])) var paths: [String] = ["."]
    @Option(help: "Only tests whose name contains this text.") var filter: String?
    @Option(help: "How many files are run at once (default: one for each processor).") var jobs: Int?
    @Option(help: "The seed of tests that name none.") var seed: UInt64 = 1
    @Option(help: ArgumentHelp("Writes the results as JUnit's XML.", valueName: "file"), completion: .file()) var junit: String?
    @Flag(help: "Shows which lines of the policies were executed.") var coverage = false
    @Option(help: ArgumentHelp("Writes the coverage as an lcov tracefile.", valueName: "file"), completion: .file()) var lcov: String?
    @Flag(help: "Only lists the tests.") var list = false
    @Option(help: "The folder of the hooks of scenarios that bring none (default: Muster's own).") var hooks: String?
    @Option(help: "The folder of the standard library.") var library: String?
    @OptionGroup var show: ShowOptions

    func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("--jobs wants a number of at least 1") }
    }

    func run() throws {
        var settings = TestSettings(library: try library ?? DefaultPaths.library())
        settings.filter = filter
        settings.seed = seed
        if coverage || lcov != nil { settings.coverage = CoverageBook() }
        let sources = SourceFolders(hooks: hooks ?? DefaultPaths.folder("hooks"), library: settings.library)
        let items = try TestSearch.items(paths) { ScenarioTest(path: $0, sources: sources) }
        if list { return try names(items, settings) }
        let began = ContinuousClock.now
        let summary = run(items, settings)
        guard !summary.results.isEmpty else { throw nothingFits }
        let files = settings.coverage?.files ?? []
        if let junit { try write(JUnit.text(summary.items), junit) }
        if let lcov { try write(LCOV.text(files), lcov) }
        report(summary, files, ContinuousClock.now - began)
        if !summary.broken.isEmpty { throw ExitCode(ExitStatus.usage) }
        if !summary.failed.isEmpty { throw ExitCode(ExitStatus.failed) }
    }

    private var nothingFits: MusterError {
        MusterError(
            .badArgument, filter.map { "no test's name contains \"\($0)\"" } ?? "there are no tests in \(paths.joined(separator: ", "))",
            hint: filter == nil ? "a test is it(\"…\", function() … end)" : "muster test --list shows the names")
    }

    private func names(_ items: [any TestItem], _ settings: TestSettings) throws {
        let names = try items.flatMap { try $0.list(settings) }
        guard !names.isEmpty else { throw nothingFits }
        show.value(
            .array(names.map { ["file": .string($0.item), "name": .string($0.whole), "place": $0.place.map { .string($0) } ?? .null] })
        ) {
            names.map { "\($0.place ?? $0.item)  \($0.whole)" }
        }
    }

    private func run(_ items: [any TestItem], _ settings: TestSettings) -> TestSummary {
        let summary = Mutex(TestSummary())
        let runner = TestRunner(items, settings)
        let progress = TestProgress(runner, of: items.count)
        let isQuiet = show.json
        runner.run(jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount) { item, results in
            summary.withLock { $0.add(item.path, results) }
            if !isQuiet, !results.isEmpty { progress.show(TestText.lines(item.path, results, Screen.out.style)) }
        }
        progress.end()
        return summary.withLock { $0 }
    }

    private func report(_ summary: TestSummary, _ files: [CoveredFile], _ time: Duration) {
        var value = summary.value.object ?? [:]
        if coverage || lcov != nil { value["coverage"] = .array(files.map(\.value)) }
        show.value(.object(value)) {
            TestText.failures(summary, Screen.out.style) + (coverage ? TestText.coverage(files) : []) + [
                TestText.summary(summary, time, Screen.out.style)
            ]
        }
    }

    private func write(_ text: String, _ path: String) throws {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw MusterError(.badArgument, "cannot write \(path)", hint: "check the folder and its mode", place: path)
        }
    }
}
