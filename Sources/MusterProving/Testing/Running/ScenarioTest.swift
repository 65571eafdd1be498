import Foundation
import MusterCore
import MusterScripting

/// A scenario as a test of its own: it passes when its log is the one that is expected.
public struct ScenarioTest: TestItem {
    public let path: String
    /// The hooks and library of a scenario that brings none.
    private let sources: SourceFolders

    public init(path: String, sources: SourceFolders) {
        self.path = path
        self.sources = sources
    }

    private var name: TestName { TestName(item: path, name: (path as NSString).lastPathComponent, place: path + "/script:1") }

    public func list(_ settings: TestSettings) -> [TestName] { [name].filter(settings.includes) }

    public func run(_ settings: TestSettings) -> [TestResult] {
        guard settings.includes(name) else { return [] }
        let began = ContinuousClock.now
        var result = TestResult(name: name, outcome: .passed)
        do { try Scenario(folder: path, sources: sources).test() } catch {
            result.outcome = .failed(TestFailure(MusterError(unexpected: error)))
        }
        result.seconds = (ContinuousClock.now - began) / .seconds(1)
        return [result]
    }
}
