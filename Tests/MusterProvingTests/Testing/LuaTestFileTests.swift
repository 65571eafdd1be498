import Foundation
import MusterCore
import Testing

@testable import MusterProving

/// Files of tests in Lua: what is a test, in which order things happen, and how each comes out.
@Suite(.timeLimit(.minutes(5))) struct LuaTestFileTests {
    @Test func testsHaveTheNamesOfTheirGroups() throws {
        let results = try TestFolder.run(
            """
            it("a", function() end)
            describe("b", function()
              it("c", function() end)
              describe("d", function() it("e", function() end) end)
            end)
            pending "f"
            """)
        #expect(results.map(\.name.whole) == ["a", "b c", "b d e", "f"])
        #expect(results.map(\.isPassed) == [true, true, true, false])
        #expect(results[3].pendingReason == "")
        #expect(results[2].name.place?.hasSuffix("a_test.lua:4") == true)
    }

    @Test func whatStandsAroundATestIsDoneFromOutsideToInsideAndBack() throws {
        let results = try TestFolder.run(
            """
            before_each(function() print "outer before" end)
            after_each(function() print "outer after" end)
            describe("group", function()
              it("test", function() print "test" error "no" end)
              before_each(function() print "inner before" end)
              after_each(function() print "inner after" end)
            end)
            """)
        #expect(results.first?.output == ["outer before", "inner before", "test", "inner after", "outer after"])
        #expect(results.first?.failure?.error.message == "no")
    }

    @Test func everyTestHasAFileAndAFleetOfItsOwn() throws {
        let results = try TestFolder.run(
            """
            local count = 0
            for _ = 1, 2 do
              it("counts", function()
                count = count + 1
                expect(count):to_be(1)
                expect(sim.now()):to_be(0)
                sim.power("node1", "on")
                sim.run "1m"
                expect(sim.now()):to_be(60)
                expect("node1"):to_be_on()
              end)
            end
            """)
        #expect(results.map(\.isPassed) == [true, true], "\(results)")
        #expect(results.map(\.virtual) == [60_000, 60_000])
    }

    @Test func aFailureHasItsPlaceItsCallsAndTheFleetsStory() throws {
        let results = try TestFolder.run(
            """

            local function check() expect(servers.get("shop").state):to_be("running") end
            it("fails", function()
              sim.kill("node1")
              print("so far")
              check()
            end)
            """)
        let failure = try #require(results.first?.failure)
        #expect(failure.error.message == "expected \"running\"\n     got \"stopped\"")
        #expect(failure.error.place?.hasSuffix("/a_test.lua:2") == true)
        #expect(failure.error.traceback?.contains("a_test.lua:6") == true)
        #expect(failure.story.contains { $0.contains("crash node1") })
        #expect(results.first?.output == ["so far"])
    }

    @Test func theStoryOfALongTestIsCut() throws {
        let result = try TestFolder.runBody("for _ = 1, 100 do sim.power(\"node1\", \"off\") end error \"no\"")
        let story = try #require(result.failure?.story)
        #expect(story.count == 41)
        #expect(story.first?.hasPrefix("… ") == true)
    }

    @Test func aTestCanBeLeftAsPending() throws {
        #expect(try TestFolder.runBody("pending \"no such machine yet\"").pendingReason == "no such machine yet")
    }

    @Test func whatTidiesUpIsReportedToo() throws {
        let results = try TestFolder.run("after_each(function() error \"second\" end) it(\"a\", function() error \"first\" end)")
        #expect(results.first?.failure?.error.message == "first")
        #expect(results.first?.failure?.others.map(\.message) == ["second"])
    }

    @Test func aBrokenRuleIsAFailure() throws {
        let results = try TestFolder.run(
            """
            hooks "\(TestFolder.root)/hooks"
            it("believes a controller that nobody can find out", function()
              sim.server("shop"):start()
              sim.run "2m"
              local home = servers.get("shop").resource
              sim.bmc(home):deceive()
              sim.kill(home)
              sim.run "5m"
            end)
            """)
        #expect(results.first?.failure?.error.code == "broken_rule", "\(results)")
    }

    @Test func aBrokenRuleFailsATestThatIsContent() {
        guard case .failed(let failure) = LuaTestFile.outcome([], violations: ["two write the image"], story: ["line"]) else {
            Issue.record("it passed")
            return
        }
        #expect(failure.error.message == "a rule of safety was broken: two write the image")
        #expect(failure.story == ["line"])
    }

    @Test func onlyWantedTestsRun() throws {
        var settings = TestFolder.settings
        settings.filter = "B C"
        let results = try TestFolder.run(
            "it(\"a\", function() error() end) describe(\"b\", function() it(\"c\", function() end) end)", settings)
        #expect(results.map(\.name.whole) == ["b c"])
    }

    @Test func listingRunsNothing() throws {
        let folder = try TestFolder(["a_test.lua": "it(\"a\", function() error() end) pending \"b\""])
        #expect(try LuaTestFile(path: folder.path + "/a_test.lua").list(TestFolder.settings).map(\.whole) == ["a", "b"])
    }

    @Test func theSameSeedIsTheSameStory() throws {
        let text = "it(\"a\", function() sim.server(\"shop\"):start() sim.run \"10m\" print(sim.story()) end)"
        func story(_ seed: UInt64) throws -> [String] {
            var settings = TestFolder.settings
            settings.seed = seed
            return try TestFolder.run("hooks \"\(TestFolder.root)/hooks\" " + text, settings).flatMap(\.output)
        }
        let (first, again, other) = (try story(3), try story(3), try story(4))
        #expect(first == again)
        #expect(first != other)
        #expect(first.joined().contains("server.running"))
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        var text: String
        var says: String
        var line = 1
        var testDescription: String { text }
    }

    @Test(arguments: [
        Broken(text: "it(\"a\", function()\n  local = 1\nend)", says: "<name> expected near '='", line: 2),
        Broken(text: "\nitt(\"a\")", says: "attempt to call a nil value (global 'itt')", line: 2),
        Broken(text: "\nsim.run \"5m\"", says: "there is a fleet inside of tests only", line: 2),
        Broken(text: "it(\"a\")", says: "it: the function is missing"),
        Broken(text: "it(function() end)", says: "it: the name is a function"),
        Broken(text: "setup(function() end)", says: "there is no setup"),
        Broken(text: "local m = require \"nowhere\"", says: "there is no module 'nowhere'"),
        Broken(text: "while true do end", says: "computed"),
    ])
    func aFileThatCannotBeUsedSaysWhere(broken: Broken) throws {
        let folder = try TestFolder(["a_test.lua": broken.text])
        let results = folder.run("a_test.lua", Self.poor)
        let error = try #require(results.first?.brokenBy)
        #expect(results.count == 1)
        #expect(error.message.contains(broken.says), "\(error)")
        #expect(error.place == folder.path + "/a_test.lua:\(broken.line)")
    }

    // MARK: Limits

    private static var poor: TestSettings {
        var settings = TestFolder.settings
        settings.limits.instructions = 1_000_000
        settings.limits.virtualTime = 3_600_000
        return settings
    }

    @Test(arguments: [
        "while true do end", "while true do pcall(error) end", "while true do sim.run(0) end", "sim.start() while true do sim.now() end",
        "while true do servers.list() end",
    ])
    func aTestThatNeverEndsIsEnded(body: String) throws {
        let error = try #require(try TestFolder.runBody(body, Self.poor).failure?.error)
        #expect(error.code == .budget)
        #expect(error.message == "the test computed more than 1 million instructions")
        #expect(error.place?.hasSuffix("a_test.lua:1") == true)
    }

    @Test(arguments: ["sim.run \"2h\"", "sim.run_until(function() return false end, \"2h\")", "pcall(sim.run, \"2h\") sim.run \"1s\""])
    func aTestThatLastsTooLongIsEnded(body: String) throws {
        let result = try TestFolder.runBody(body, Self.poor)
        #expect(result.failure?.error.message == "the test has lasted 1 h 0 m of its fleet's time")
        #expect(result.virtual == 3_600_000)
        #expect(try TestFolder.runBody("sim.limit \"3h\" " + body, Self.poor).failure?.error.code != .timeLimit)
    }

    @Test func whatIsNotReachedSaysWhatWasWaitedFor() throws {
        let result = try TestFolder.runBody("sim.run_until(function() return false end, \"5m\", \"a miracle\")")
        #expect(result.failure?.error.message == "a miracle was not reached within 5m")
        #expect(result.virtual == 300_000)
    }

    @Test func theTestsOfTheShippedHooksPass() throws {
        for name in ["failover_test.lua", "servers_test.lua"] {
            let results = LuaTestFile(path: TestFolder.root + "/hooks/" + name).run(TestFolder.settings)
            #expect(results.count >= 5)
            for result in results { #expect(result.isPassed, "\(result.name.whole): \(String(describing: result.failure))") }
        }
    }
}
