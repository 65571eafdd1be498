import MusterCore
import Testing

@testable import MusterProving

/// Expectations: what fits, and what a failure says.
@Suite(.timeLimit(.minutes(5))) struct ExpectTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var body: String
        /// What the failure says; nil when it fits.
        var says: String?
        var testDescription: String { body }

        init(_ body: String, _ says: String? = nil) {
            self.body = body
            self.says = says
        }
    }

    @Test(arguments: [
        Case("expect(1):to_be(1)"), Case("expect(1):to_be(2)", "expected 2\n     got 1"), Case("expect(1).never:to_be(2)"),
        Case("expect(1).never:to_be(1)", "expected not 1\n     got 1"), Case("expect(nil):to_be(false)", "expected false\n     got nil"),
        Case("expect(\"a\\nb\"):to_be(\"a\")", "expected \"a\"\n     got \"a\\nb\""),
        Case("expect({ 1, { a = 2 } }):to_equal { 1, { a = 2 } }"),
        Case(
            "expect({ 1, { a = 2 } }):to_equal { 1, { a = 3 } }",
            "expected { 1, { a = 3 } }\n     got { 1, { a = 2 } }\n         they differ at [2].a: 2 and 3"),
        Case(
            "expect({ a = 1 }):to_equal { a = 1, b = 2 }",
            "expected { a = 1, b = 2 }\n     got { a = 1 }\n         they differ at .b: nil and 2"),
        Case("expect({}).never:to_equal { 1 }"), Case("local t = {} t.t = t expect(t):to_equal(t)"),
        Case("local t = {} t.t = t expect(t):to_be(1)", "expected 1\n     got { t = … }"),
        Case("expect(nil):to_be_nil()"), Case("expect(1):to_be_nil()", "expected nil\n     got 1"), Case("expect(true):to_be_true()"),
        Case("expect(1):to_be_true()", "expected true\n     got 1"), Case("expect(false):to_be_false()"),
        Case("expect(1):to_be_a \"number\""),
        Case("expect(1):to_be_a \"string\"", "expected a string\n     got 1, a number"),
        Case("expect(\"shop runs\"):to_contain \"runs\""), Case("expect({ 1, 2 }):to_contain(2)"),
        Case("expect({ { a = 1, b = 2 } }):to_contain { a = 1 }"),
        Case("expect({ a = 1, b = { c = 2 } }):to_contain { b = { c = 2 } }"), Case("expect({ 1 }).never:to_contain(2)"),
        Case("expect({ 1 }):to_contain(2)", "expected something that contains 2\n     got { 1 }"),
        Case("expect(\"node12\"):to_match \"^node%d+$\""),
        Case("expect(\"node\"):to_match \"%d\"", "expected a text that matches \"%d\"\n     got \"node\""),
        Case("expect({ 1, 2 }):to_have_length(2)"),
        Case("expect(\"abc\"):to_have_length(2)", "expected a length of 2\n     got 3: \"abc\""),
        Case("expect(3):to_be_greater_than(2)"),
        Case("expect(2):to_be_greater_than(2)", "expected a number that is greater than 2\n     got 2"),
        Case("expect(1):to_be_less_than(2)"), Case("expect(2):to_be_at_least(2)"), Case("expect(2):to_be_at_most(2)"),
        Case("expect(1.5).never:to_be_at_most(1)"),
        Case("expect(\"1\"):to_be_less_than(2)", "expected a number that is less than 2\n     got \"1\""),
        Case("expect(1.01):to_be_near(1, 0.1)"),
        Case("expect(2):to_be_near(1, 0.1)", "expected a number that is within 0.1 of 1\n     got 2"),
        Case("expect(error):to_raise()"), Case("expect(function() end):to_raise()", "expected it to raise an error\n     got no error"),
        Case("expect(function() end).never:to_raise()"),
        Case("expect(function() error { code = \"x\", message = \"y\" } end):to_raise \"x\""),
        Case("expect(function() error { code = \"x\", message = \"so y it is\" } end):to_raise { code = \"x\", message = \"y\" }"),
        Case(
            "expect(function() error { code = \"x\", message = \"y\" } end):to_raise \"z\"",
            "expected it to raise an error with \"z\"\n     got \"y\" [x]"),
        Case("expect(function() error \"plain\" end):to_raise \"plain\""),
        Case("expect(function() sim.kill \"nobody\" end):to_raise \"not_found\""),
        Case("expect(1):to_bee(1)", "expect(…) has no \"to_bee\""),
    ])
    func ofPlainValues(expectation: Case) throws { try judge(expectation) }

    @Test(arguments: [
        Case("expect(\"shop\").never:to_run()"), Case("expect(\"shop\"):to_run()", "expected shop to run\n     got shop is stopped"),
        Case("expect(servers.get(\"shop\")):to_run_on(\"node1\")", "expected shop to run on node1\n     got shop is stopped"),
        Case("expect(\"shop\"):to_be_blocked()", "expected shop to be blocked\n     got shop is stopped"),
        Case("sim.server(\"shop\"):start() sim.run \"1m\" expect(\"shop\"):to_be_blocked \"nothing places it\""),
        Case("sim.server(\"shop\"):start() sim.run \"1m\" expect(\"shop\").never:to_be_blocked()", "expected shop to not be blocked"),
        Case("expect(\"node1\"):to_be_off() sim.power(\"node1\", \"on\") expect(resources.get(\"node1\")):to_be_on()"),
        Case("expect(\"node1\"):to_be_on()", "expected the machine node1 to be on\n     got it is off"),
        Case("expect(\"node1\"):to_be_in_state(\"idle\")", "expected node1 to be idle\n     got node1 is unknown"),
        Case("expect(\"shop\"):to_be_in_state(\"stopped\")"), Case("expect(\"nobody\"):to_run()", "there is no server \"nobody\""),
        Case("sim.run \"1s\" expect(\"fleet.applied\"):to_have_happened()"),
        Case("sim.run \"1s\" expect(\"fleet.applied\"):to_have_happened { times = 1 }"),
        Case("sim.run \"1s\" expect(\"fleet.applied\"):to_have_happened { times = 2 }", "happened 1 times"),
        Case("expect(\"resource.failed\"):to_have_happened { resource = \"node1\" }", "got it did not"),
        Case("expect(servers.get(\"shop\")):to_be(servers.get(\"shop\"))"),
        Case("expect(servers.get(\"shop\")):to_be(1)", "expected 1\n     got shop (stopped)"),
    ])
    func ofTheFleet(expectation: Case) throws { try judge(expectation) }

    private func judge(_ expectation: Case) throws {
        let result = try TestFolder.runBody(expectation.body)
        let message = result.failure?.error.message
        if let says = expectation.says {
            #expect(message?.contains(says) == true, "\(message ?? "it fits")")
        } else {
            #expect(result.isPassed, "\(String(describing: result.failure?.error))")
        }
    }
}
