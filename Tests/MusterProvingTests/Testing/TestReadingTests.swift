import MusterCore
import Testing

@testable import MusterProving

/// What tests read of their fleet and of what became of it.
@Suite(.timeLimit(.minutes(5))) struct TestReadingTests {
    private func passes(_ body: String, hooks: String) throws {
        let result = try #require(
            try TestFolder.run("hooks \"hooks\" it(\"does\", function() \(body) end)", files: ["hooks/a.lua": hooks]).first)
        #expect(result.isPassed, "\(result)")
    }

    @Test func objectsHaveTheFieldsThatScriptsSee() throws {
        try passes(
            """
            expect(resources.get("node1")):to_contain { name = "node1", power = "unknown", memory_mib = 8192, has_bmc = true }
            expect(resources.get("nobody")):to_be_nil()
            expect(#resources.find { kind = "host" }):to_be(2)
            expect(servers.list()[1].image):to_be "shop"
            expect(images.get("shop").path):to_be "/srv/shop.raw"
            local before = resources.get("node1")
            sim.power("node1", "on")
            sim.run "1m"
            expect(before.state):to_be "unknown"
            expect(before:refresh().state):to_be "idle"
            expect(tostring(before)):to_be "node1"
            """, hooks: "")
    }

    @Test func eventsAndRunsAreLookedThrough() throws {
        try passes(
            """
            sim.emit("user.hello", { to = "world" })
            sim.emit("user.hello", { to = "moon" })
            sim.emit("user.bad")
            sim.run "1m"
            expect(events.count "user.hello"):to_be(2)
            expect(events.first("user.hello").data.to):to_be "world"
            expect(events.last { name = "user.hello" }.data.to):to_be "moon"
            expect(events.count { data = { to = "moon" } }):to_be(1)
            expect(events.last("user.hello").elapsed):to_be_less_than(1)
            local run = runs.first "a#1"
            expect(run.status):to_be "done"
            expect(run.result):to_be "hello world"
            expect(run.event):to_be(events.first("user.hello").id)
            expect(run.steps[1]):to_contain { name = "sleep", address = "1" }
            expect(runs.count { status = "failed" }):to_be(1)
            expect(runs.last("a#2").error):to_contain { code = "script_error" }
            """,
            hooks: """
                on("user.hello", function(event) sleep("1s") return "hello " .. event.data.to end)
                on("user.bad", function(event) error "bad" end)
                """)
    }

    @Test func theWorldOutsideIsWhatTheTestSays() throws {
        let fleet = TestFolder.fleet.replacing(
            "quiet_time", with: "allow_http = { \"https://hooks.example/\" }, allow_exec = { \"/bin/say\" }, quiet_time")
        let text = """
            fleet "fleet.lua"
            hooks "hooks"
            sim.http("https://hooks.example/*", { status = 500 }, { status = 200, body = { ok = true }, headers = { ["X-A"] = "b" } })
            it("does", function()
              sim.http("https://hooks.example/slow", { error = "timeout" })
              sim.program("/bin/say", { code = 3, output = "out", errors = "err" })
              sim.emit "user.tell"
              sim.run "1m"
              expect(runs.last("a#1").result):to_be "500 200 {\\"ok\\":true} b timeout 3 out err"
              expect(sim.requests.count()):to_be(3)
              expect(sim.requests.first()):to_contain { method = "POST", address = "https://hooks.example/a", body = "hello" }
              expect(sim.programs.last "/bin/say".arguments):to_equal { "-n", "hi" }
            end)
            it("answers nothing otherwise", function()
              sim.emit "user.tell"
              sim.run "1m"
              expect(sim.requests.count { address = "https://hooks.example/slow" }):to_be(1)
              expect(runs.last("a#1").error.message):to_contain "no program /bin/say"
            end)
            it("says what an answer has not", function() sim.start() sim.http("*", { statu = 1 }) end)
            """
        let hooks = """
            needs { "http", "exec" }
            on("user.tell", function()
              local a = http.post("https://hooks.example/a", "hello")
              local b = http.get "https://hooks.example/b"
              local c, problem = http.try_get "https://hooks.example/slow"
              local r = exec { "/bin/say", "-n", "hi" }
              return table.concat({ a.status, b.status, b.body, b.headers["x-a"], problem and problem.code or c.status, r.code, r.output, r.errors }, " ")
            end)
            """
        let folder = try TestFolder(["a_test.lua": text, "hooks/a.lua": hooks, "fleet.lua": fleet])
        let results = folder.run("a_test.lua")
        #expect(results.count == 3)
        #expect(results[0].isPassed, "\(results[0])")
        #expect(results[1].isPassed, "\(results[1])")
        #expect(results[2].failure?.error.message == "sim.http: an answer has no \"statu\"")
        #expect(results[2].failure?.error.hint == "did you mean status?")
    }
}
