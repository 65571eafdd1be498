import Foundation
import MusterCore
import MusterProving
import MusterSim
import Testing

/// The scenarios of the project: each goes as it is expected to, and together they show all that there is.
@Suite struct ScenarioTests {
    private static let folders = Scenario.all(in: Project.scenarios)
    private static func scenario(_ name: String) throws -> Scenario {
        try Scenario(folder: Project.scenarios + "/" + name, sources: Project.sources)
    }

    @Test(arguments: folders.map { URL(fileURLWithPath: $0).lastPathComponent })
    func goesAsExpected(_ name: String) throws { try Self.scenario(name).test() }

    @Test func theyAreAtLeastSixty() { #expect(Self.folders.count >= 60) }

    // MARK: What is wrong with a scenario

    /// A copy of a scenario, to be spoilt.
    private func copy(_ name: String = "a-host-hangs-and-its-server-moves") throws -> (folder: String, scenario: Scenario) {
        let folder = NSTemporaryDirectory() + "scenario-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: Project.scenarios + "/" + name, toPath: folder)
        return (folder, try Scenario(folder: folder, sources: Project.sources))
    }

    @Test func oneWithoutAnExpectedLogFailsAndWritesNone() throws {
        let (folder, scenario) = try copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.removeItem(atPath: folder + "/log.expect")
        let error = try #require(throws: MusterError.self) { try scenario.test() }
        #expect(error.code == "scenario_failed")
        #expect(error.hint?.contains("--record") == true)
        #expect(scenario.expectation == nil)
        try scenario.record(try scenario.play())
        try scenario.test()
    }

    @Test func oneThatGoesAnotherWayTellsTheLines() throws {
        let (folder, scenario) = try copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let expected = try #require(scenario.expectation)
        try expected.replacing("server.running node2", with: "server.running node3").write(
            toFile: folder + "/log.expect", atomically: true, encoding: .utf8)
        let error = try #require(throws: MusterError.self) { try scenario.test() }
        #expect(error.message.contains("server.running node3 shop"))
        #expect(error.message.split(separator: "\n").contains { $0.hasPrefix("+") && $0.contains("server.running node2 shop") })
    }

    @Test func aWrongLineIsToldWithItsFileAndLine() throws {
        let (folder, scenario) = try copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "# begins\n60s crahs node1\nuntil 2m\n".write(toFile: folder + "/script", atomically: true, encoding: .utf8)
        let error = try #require(throws: MusterError.self) { try scenario.play() }
        #expect(error.place == folder + "/script:2")
        #expect(error.hint?.contains("crash") == true)
    }

    @Test func aMachineThatIsNotThereIsAnError() throws {
        let (folder, scenario) = try copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "60s crash node7\nuntil 2m\n".write(toFile: folder + "/script", atomically: true, encoding: .utf8)
        let error = try #require(throws: MusterError.self) { try scenario.play() }
        #expect(error.code == .notFound)
    }

    @Test func aFolderWithoutAReadmeIsAnError() throws {
        let (folder, scenario) = try copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.removeItem(atPath: folder + "/README")
        #expect(throws: MusterError.self) { try scenario.test() }
    }

    /// What is expected was recorded in another process, by another order of hashing; this one plays it twice more.
    @Test(arguments: ["the-engine-is-cut-off-from-everything", "many-servers-start-at-once", "the-engine-is-killed-again-and-again"])
    func theSameScenarioGivesTheSameBytes(_ name: String) throws {
        let (first, second) = (try Self.scenario(name).play(), try Self.scenario(name).play())
        #expect(first.log == second.log)
        #expect(try first.value().json == second.value().json)
        #expect(try Self.scenario(name).expectation == first.log)
    }

    // MARK: What they show

    private static let scripts: [[Substring]] = folders.flatMap { folder -> [[Substring]] in
        let text = (try? String(contentsOfFile: folder + "/script", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { Array($0.prefix { $0 != "#" }.split(separator: " ").dropFirst()) }
    }
    private static let ends: [Substring] = folders.flatMap { folder in
        ((try? String(contentsOfFile: folder + "/log.expect", encoding: .utf8)) ?? "").split(separator: "\n").filter {
            $0.hasPrefix("       end")
        }
    }

    /// The commands that a form stands for: one for each choice in it, with and without what may be left out.
    private static func patterns(_ form: String) -> [[[Substring]]] {
        let open = form.firstIndex(of: "[") ?? form.endIndex
        let fixed = form[..<open].split(separator: " ").map { $0.split(separator: "|") }
        let rest = form[open...].filter { $0 != "[" && $0 != "]" }.split(separator: " ").first.map { [[$0]] }
        var all = [fixed]
        if let rest { all.append(fixed + rest) }
        return all.flatMap { pattern in
            pattern.reduce([[]]) { (lines: [[[Substring]]], choice) in lines.flatMap { line in choice.map { line + [[$0]] } } }
        }
    }

    /// Whether words fit: those in capitals stand for anything.
    private static func fits(_ words: [Substring], _ pattern: [[Substring]]) -> Bool {
        let isOpen = pattern.last?.first?.contains("=") == true
        guard isOpen ? words.count >= pattern.count : words.count == pattern.count else { return false }
        return zip(words, pattern).allSatisfy { word, choice in
            guard let wanted = choice.first else { return false }
            return wanted == word || wanted.allSatisfy { $0.isUppercase || $0 == "=" } && (!wanted.contains("=") || word.contains("="))
        }
    }

    @Test(arguments: Command.forms.map(\.form)) func everyFormIsInAScript(_ form: String) {
        for pattern in Self.patterns(form) {
            #expect(Self.scripts.contains { Self.fits($0, pattern) }, "no scenario has: \(pattern.map { $0[0] }.joined(separator: " "))")
        }
    }

    @Test(arguments: ServerState.allCases) func everyStateOfAServerIsInALog(_ state: ServerState) {
        #expect(
            Self.ends.contains {
                $0.contains("  server ") && $0.split(separator: " ").dropFirst(3).first?.hasPrefix(state.rawValue) == true
            })
    }

    @Test(arguments: ResourceState.allCases) func everyStateOfAMachineIsInALog(_ state: ResourceState) {
        #expect(Self.ends.contains { $0.hasSuffix("believed \(state.rawValue)") })
    }

    @Test func theGrammarInTheReadmeIsTheGrammar() throws {
        let text = try String(contentsOfFile: Project.scenarios + "/README.md", encoding: .utf8)
        let width = Command.forms.map(\.form.count).max() ?? 0
        let lines = Command.forms.map { $0.form.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.meaning }
        #expect(text.contains("```\n" + lines.joined(separator: "\n") + "\n```"))
    }
}
