import MusterCore
import MusterLua
import Testing

@testable import MusterProving

/// Which lines of policies tests have executed.
@Suite(.timeLimit(.minutes(5))) struct CoverageTests {
    private static let policy = """
        -- A policy.
        local greet = require "greet"

        local function never(a)
          if a then
            return 1
          end
          return 2
        end

        on("user.a", function(event)
          if event.data.polite == "yes" then
            greet.politely()
          else
            log "hey"
          end
          sleep "1s"
          log("done")
        end)
        """

    private static let module = """
        local greet = {}

        function greet.politely()
          log "good day"
        end

        return greet
        """

    private func files(_ test: String) throws -> [CoveredFile] {
        let folder = try TestFolder([
            "a_test.lua": "fleet \"fleet.lua\" hooks \"hooks\" " + test, "hooks/a.lua": Self.policy, "hooks/lib/greet.lua": Self.module,
        ])
        var settings = TestFolder.settings
        let book = CoverageBook()
        settings.coverage = book
        for result in folder.run("a_test.lua", settings) { #expect(result.isPassed, "\(result)") }
        return book.files.map { file in
            var file = file
            file.path = file.path.replacing(folder.path + "/", with: "")
            return file
        }
    }

    private static let impolite = "it(\"a\", function() sim.emit \"user.a\" sim.run \"10s\" expect(runs.last().status):to_be \"done\" end) "
    private static let polite = "it(\"b\", function() sim.emit(\"user.a\", { polite = \"yes\" }) sim.run \"10s\" end) "

    @Test func linesAreCountedOverAllTests() throws {
        let files = try files(Self.impolite)
        #expect(files.map(\.path) == ["hooks/a.lua", "hooks/lib/greet.lua"])
        #expect(files[0].counts.keys.sorted() == [2, 5, 6, 8, 11, 12, 13, 15, 17, 18])
        #expect(files[0].missing == ["5-8", "13"])
        #expect(files[1].missing == ["4"])
        #expect(files[0].executedCount == 6)
        #expect(files[0].counts[18] == 1)
        let both = try self.files(Self.impolite + Self.polite)
        #expect(both[0].missing == ["5-8"])
        #expect(both[1].missing == [])
        #expect(both[1].share == 1)
        #expect(both[0].counts[18] == 2)
    }

    @Test func whatIsReplayedIsSummed() throws {
        let files = try files(
            "it(\"a\", function() sim.emit \"user.a\" sim.run(0.5) sim.engine.crash \"5s\" sim.run \"1m\" expect(runs.last().status):to_be \"done\" end)"
        )
        #expect(files[0].counts[15] == 2)
        #expect(files[0].counts[18] == 1)
    }

    @Test func countingChangesNothing() throws {
        func story(_ coverage: CoverageBook?) throws -> [String] {
            var settings = TestFolder.settings
            settings.coverage = coverage
            return try TestFolder.run(
                "hooks \"\(TestFolder.root)/hooks\" it(\"a\", function() sim.server(\"shop\"):start() sim.run \"5m\" print(sim.story()) end)",
                settings
            ).flatMap(\.output)
        }
        let (plain, counted) = (try story(nil), try story(CoverageBook()))
        #expect(plain == counted)
        #expect(plain.joined().contains("server.running"))
    }

    @Test func lcovHasItToo() throws {
        let file = try #require(try files(Self.impolite).last)
        #expect(LCOV.text([file]) == "TN:\nSF:hooks/lib/greet.lua\nDA:1,3\nDA:3,3\nDA:4,0\nDA:7,3\nLF:4\nLH:3\nend_of_record\n")
    }

    @Test(arguments: ["end", "  end)", "}", "", "-- note", "else", "  end) -- note", "repeat", "})"]) func someLinesSayNothing(line: String)
    {
        #expect(CoveredFile.isEmpty(line[...]))
    }

    @Test(arguments: ["return", "x = 1", "end, 2)", "f()", "\"text\","]) func othersDo(line: String) {
        #expect(!CoveredFile.isEmpty(line[...]))
    }
}
