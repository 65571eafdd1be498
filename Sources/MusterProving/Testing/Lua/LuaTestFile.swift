import Foundation
import MusterCore
import MusterLua
import MusterScripting
import MusterSim

/// A file of tests in Lua (`failover_test.lua`).
public struct LuaTestFile: TestItem {
    public let path: String
    /// So many lines of a fleet's story are shown with a failure.
    private static let storyLines = 40

    public init(path: String) { self.path = path }

    public func list(_ settings: TestSettings) throws -> [TestName] {
        do { return try names(settings) } catch { throw placed(error) }
    }

    private func names(_ settings: TestSettings) throws -> [TestName] {
        let sources = try sources(settings)
        return try tree(sources, settings).tests.map(\.name).filter(settings.includes)
    }

    private func sources(_ settings: TestSettings) throws -> TestSources {
        TestSources(file: path, text: try SourceFolders.read(path), library: settings.library)
    }

    private func tree(_ sources: TestSources, _ settings: TestSettings) throws -> LuaTestTree {
        let scene = TestScene(sources, settings, coverage: nil)
        return try LuaTestRun(source(sources), scene: scene, limits: settings.limits).tree(item: path)
    }

    private func source(_ sources: TestSources) -> LuaSource { LuaSource(name: TestSources.name(path), text: sources.text) }
    private func placed(_ error: any Error) -> MusterError { TestSources.placed(error, path) }

    public func run(_ settings: TestSettings) -> [TestResult] {
        do {
            let sources = try sources(settings)
            return try tree(sources, settings).tests.filter { settings.includes($0.name) }.map { try run($0, sources, settings) }
        } catch {
            return [TestResult(name: TestName(item: path, name: "(file)", place: path), outcome: .broken(placed(error)))]
        }
    }

    private func run(_ test: LuaTest, _ sources: TestSources, _ settings: TestSettings) throws -> TestResult {
        guard test.body != nil else { return TestResult(name: test.name, outcome: .pending("")) }
        let began = ContinuousClock.now
        let coverage = try settings.coverage.map { _ in try LuaCoverage() }
        let scene = TestScene(sources, settings, coverage: coverage)
        let errors = run(test, scene, sources, settings, coverage).map { error in
            var placed = placed(error)
            placed.place = placed.place ?? test.name.place
            return placed
        }
        var result = TestResult(name: test.name, outcome: outcome(errors, scene))
        result.output = scene.output
        result.virtual = scene.simulation?.elapsed ?? 0
        scene.simulation?.end()
        if let coverage { settings.coverage?.add(coverage.lines, paths: scene.paths) }
        result.seconds = (ContinuousClock.now - began) / .seconds(1)
        return result
    }

    private func run(
        _ test: LuaTest, _ scene: TestScene, _ sources: TestSources, _ settings: TestSettings, _ coverage: LuaCoverage?
    ) -> [MusterError] {
        do {
            let run = try LuaTestRun(source(sources), scene: scene, limits: settings.limits, coverage: coverage)
            for setting in test.settings { try scene.set(setting) }
            return run.run(test)
        } catch {
            return [MusterError(unexpected: error)]
        }
    }

    private func outcome(_ errors: [MusterError], _ scene: TestScene) -> TestResult.Outcome {
        let story = scene.simulation?.story
        return Self.outcome(
            errors, violations: story?.violations ?? [], story: story.map { StoryText.lines($0, limit: Self.storyLines) } ?? [])
    }

    /// A broken rule of safety fails any test, whatever it expects.
    static func outcome(_ errors: [MusterError], violations: [String], story: [String]) -> TestResult.Outcome {
        let broken = violations.map { words in
            MusterError("broken_rule", "a rule of safety was broken: \(words)", hint: "this is a bug of Muster's, please report it")
        }
        guard let first = (errors + broken).first else { return .passed }
        if errors.count == 1, broken.isEmpty, first.code == "pending" { return .pending(first.message) }
        var failure = TestFailure(first)
        failure.others = Array((errors + broken).dropFirst())
        failure.story = story
        return .failed(failure)
    }
}
