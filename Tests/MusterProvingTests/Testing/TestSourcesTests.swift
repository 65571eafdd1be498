import MusterCore
import Testing

@testable import MusterProving

/// How tests name their fleet, policies and modules.
@Suite(.timeLimit(.minutes(5))) struct TestSourcesTests {
    private static let files = [
        "fleets/two.lua": TestFolder.fleet,
        "policies/a.lua": "local m = require \"greet\" on(\"user.a\", function() return m.greeting end)",
        "policies/b.lua": "on(\"user.a\", function() return \"b\" end)",
        "policies/lib/greet.lua": "return { greeting = \"hello\" }",
        "policies/a_test.lua": "error \"this is no hook\"",
    ]

    private func results(of head: String) throws -> [TestResult] {
        let test = """
            \(head)
            it("runs", function() sim.emit "user.a" sim.run "1s" print(runs.count(), runs.last().result) end)
            """
        return try TestFolder(Self.files.merging(["tests/x_test.lua": test]) { given, _ in given }).run("tests/x_test.lua")
    }

    @Test(arguments: [
        ("hooks \"../policies\"", "2\tb"), ("hooks { \"../policies/a.lua\" }", "1\thello"), ("hooks \"../policies/b.lua\"", "1\tb"),
        ("hooks [[ on(\"user.a\", function() return \"here\" end) ]]", "1\there"),
        ("hooks \"../policies\" hooks { \"../policies/a.lua\" }", "1\thello"),
    ])
    func policiesAreAFolderAListOrAText(hooks: String, prints: String) throws {
        let results = try results(of: "fleet \"../fleets/two.lua\" \(hooks)")
        #expect(results.first?.output == [prints], "\(results)")
    }

    @Test func anInnerGroupHasItsOwn() throws {
        let results = try TestFolder.run(
            """
            hooks [[ on("user.a", { name = "outer" }, function() end) ]]
            describe("inner", function()
              hooks [[ on("user.a", { name = "inner" }, function() end) ]]
              it("a", function() sim.emit "user.a" sim.run "1s" print(runs.last().hook) end)
            end)
            it("b", function() sim.emit "user.a" sim.run "1s" print(runs.last().hook) end)
            """)
        #expect(results.flatMap(\.output) == ["inner", "outer"])
    }

    @Test(arguments: [
        ("", "the test has no fleet", "x_test.lua:2"), ("fleet \"none.lua\"", "cannot read", "x_test.lua:1"),
        ("fleet \"../fleets/two.lua\" hooks \"none\"", "there is no folder of hooks", "x_test.lua:1"),
        ("fleet [[\nhost(\"a\") { mac = \"52:54:00:77:00:01\", memry = \"1G\" }\n]]", "there is no key \"memry\"", "x_test.lua:2"),
        (
            "fleet \"../fleets/two.lua\"\n\nhooks [[ on(\"user.a\", function(event)\n  event:bla()\nend) ]]", "has no method 'bla'",
            "x_test.lua:4"
        ),
        ("fleet \"../fleets/two.lua\" hooks [[ on(\"user.a\" ]]", "expected", "x_test.lua:1"),
    ])
    func whatIsWrongSaysWhere(head: String, says: String, place: String) throws {
        let error = try #require(try results(of: head).first?.failure?.error)
        #expect(error.message.contains(says), "\(error)")
        #expect(error.place?.hasSuffix(place) == true, "\(error)")
    }

    @Test func testsHaveModulesBesideThem() throws {
        let results = try TestFolder.run(
            "local help = require \"support.help\" it(\"a\", function() print(help.word) end)",
            files: ["support/help.lua": "return { word = \"yes\" }"])
        #expect(results.first?.output == ["yes"], "\(results)")
    }
}
