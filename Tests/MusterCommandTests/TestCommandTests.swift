import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// `muster test`: what it prints, writes, and ends with.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TestCommandTests {
    private static let passing = "it(\"passes\", function() expect(1):to_be(1) end)"
    private static let failing = "it(\"fails\", function() expect(1):to_be(2) end)"

    private func run(_ files: [String: String], _ arguments: String...) async throws -> Program.Outcome {
        try await withFolder { folder in
            for (name, text) in files { try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
            var outcome = try await Program.muster.run(["test", folder] + arguments.map { $0.replacing("FOLDER", with: folder) })
            outcome.output = outcome.output.replacing(folder + "/", with: "")
            if let report = try? String(contentsOfFile: folder + "/report", encoding: .utf8) { outcome.output += report }
            return outcome
        }
    }

    @Test func whatPassesEndsWithZero() async throws {
        let outcome = try await run(["a_test.lua": Self.passing])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("a_test.lua\n  ok       passes\n\n1 passed"))
    }

    @Test func whatFailsIsToldInPlaceAndAtTheEnd() async throws {
        let outcome = try await run(["a_test.lua": Self.failing, "b_test.lua": Self.passing], "--jobs", "2")
        #expect(outcome.status == 1)
        #expect(
            outcome.output.contains(
                "  FAILED   fails\n           a_test.lua:1:\n             expected 2\n                  got 1\nb_test.lua\n  ok       passes\n"
            ))
        #expect(
            outcome.output.contains("\nFAILED fails  a_test.lua:1\n  a_test.lua:1:\n    expected 2\n         got 1\n\n1 passed, 1 failed"))
    }

    @Test func brokenFilesAndNoTestsAreWrongUsage() async throws {
        let broken = try await run(["a_test.lua": "it(", "b_test.lua": Self.passing])
        #expect(broken.status == 2)
        #expect(broken.output.contains("1 passed, 1 broken"))
        let none = try await run(["a.lua": ""])
        #expect(none.status == 2)
        #expect(none.errors.contains("there are no tests in"))
        #expect(try await run(["a_test.lua": Self.passing], "--filter", "nothing").status == 2)
        #expect(try await run(["a_test.lua": Self.passing], "--jobs", "0").status == 2)
    }

    @Test func programsGetJSON() async throws {
        let outcome = try await run(["a_test.lua": Self.failing + Self.passing], "--json")
        let value = try Value(json: outcome.output)
        #expect(value["passed"] == 1 && value["failed"] == 1)
        #expect(value["tests"].array?.first?["error"]["code"] == "expectation")
    }

    @Test func reportsAreWritten() async throws {
        let text = Self.passing + " fleet [[ host(\"a\") { mac = \"52:54:00:77:00:01\" } ]] hooks { \"h.lua\" } before_each(sim.start)"
        let files = ["a_test.lua": text, "h.lua": "on(\"user.a\", function()\n  log \"a\"\nend)"]
        #expect(try await run(files, "--junit", "FOLDER/report").output.contains("<testcase name=\"passes\""))
        let covered = try await run(files, "--coverage", "--lcov", "FOLDER/report")
        #expect(covered.output.contains("h.lua      2         1   50 %  2\n"), "\(covered.output)")
        #expect(covered.output.contains("DA:2,0\n"))
        #expect(try await run(files, "--list").output == "a_test.lua:1  passes\n")
    }
}
