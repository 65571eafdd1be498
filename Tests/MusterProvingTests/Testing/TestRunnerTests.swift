import Foundation
import MusterCore
import Synchronization
import Testing

@testable import MusterProving

/// Finding tests, and running several at once.
@Suite(.timeLimit(.minutes(5))) struct TestRunnerTests {
    /// Ends when those after it have ended.
    private struct Item: TestItem {
        var path: String
        var work: @Sendable () -> Void = {}

        func list(_ settings: TestSettings) -> [TestName] { [TestName(item: path, name: path)] }
        func run(_ settings: TestSettings) -> [TestResult] {
            work()
            return [TestResult(name: TestName(item: path, name: path), outcome: .passed)]
        }
    }

    @Test func resultsComeInOrderWhicheverIsReadyFirst() {
        let last = DispatchSemaphore(value: 0)
        let items = [Item(path: "a") { last.wait() }, Item(path: "b"), Item(path: "c"), Item(path: "d") { last.signal() }]
        let told = Mutex<[String]>([])
        let runner = TestRunner(items, TestFolder.settings)
        runner.run(jobs: 2) { item, results in told.withLock { $0.append("\(item.path)\(results.count)") } }
        #expect(told.withLock { $0 } == ["a1", "b1", "c1", "d1"])
        #expect(runner.doneCount == 4)
    }

    @Test func simulationsOnManyThreadsAreWhatTheyAreOnOne() throws {
        let text =
            "fleet \"fleet.lua\" hooks \"\(TestFolder.root)/hooks\" it(\"a\", function() sim.server(\"shop\"):start() sim.run \"5m\" print(sim.story()) end)"
        let folder = try TestFolder(Dictionary(uniqueKeysWithValues: (1...6).map { ("\($0)_test.lua", text) }))
        func stories(jobs: Int) throws -> [[String]] {
            let told = Mutex<[[String]]>([])
            TestRunner(try TestSearch.items([folder.path]), TestFolder.settings).run(jobs: jobs) { _, results in
                told.withLock { $0.append(results.flatMap(\.output)) }
            }
            return told.withLock { $0 }
        }
        let one = try stories(jobs: 1)
        #expect(one.count == 6)
        #expect(try stories(jobs: 4) == one)
        #expect(Set(one).count == 1)
    }

    @Test func foldersAreSearchedDeeply() throws {
        let folder = try TestFolder([
            "b_test.lua": "", "a/c_test.lua": "", "a/.hidden_test.lua": "", ".git/d_test.lua": "", "a/test_e.lua": "",
            "scenario/script": "", "scenario/x_test.lua": "",
        ])
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/round", withDestinationPath: folder.path)
        let plain = try TestSearch.items([folder.path + "/"]).map { $0.path.dropFirst(folder.path.count + 1) }
        #expect(plain == ["a/c_test.lua", "b_test.lua", "scenario/x_test.lua"])
        let items = try TestSearch.items([folder.path + "/b_test.lua", folder.path], scenario: { Item(path: "scenario " + $0) })
        #expect(items.map { $0.path.replacing(folder.path + "/", with: "") } == ["b_test.lua", "a/c_test.lua", "scenario scenario"])
    }

    @Test func whatIsNotThereIsAnError() throws {
        let folder = try TestFolder()
        #expect(throws: MusterError(.notFound, "there is no file or folder \(folder.path)/x", place: "\(folder.path)/x")) {
            try TestSearch.items([folder.path + "/x"])
        }
        let noTest = #expect(throws: MusterError.self) { try TestSearch.items([folder.path + "/fleet.lua"]) }
        #expect(noTest?.message.hasSuffix("fleet.lua is no test") == true)
        let none = #expect(throws: MusterError.self) { try TestSearch.items([folder.path]) }
        #expect(none?.code == .badArgument)
        #expect(none?.message == "there are no tests in \(folder.path)")
    }

    @Test func aScenarioIsATest() throws {
        let folder = try TestFolder(["calm/README": "Nothing happens.", "calm/fleet.lua": TestFolder.fleet, "calm/script": "until 1s\n"])
        let test = ScenarioTest(path: folder.path + "/calm", sources: .init(hooks: nil, library: TestFolder.root + "/stdlib"))
        #expect(test.list(TestFolder.settings).map(\.whole) == ["calm"])
        #expect(test.run(TestFolder.settings).first?.failure?.error.message == "calm has no log.expect")
        let scenario = try Scenario(folder: test.path, sources: .init(hooks: nil, library: TestFolder.root + "/stdlib"))
        try scenario.record(try scenario.play())
        #expect(test.run(TestFolder.settings).first?.isPassed == true)
    }
}
