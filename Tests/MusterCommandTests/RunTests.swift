import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// `muster run` and `muster runs`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RunTests {
    @Test func aScriptsLinesAndResultAreShown() async throws {
        try await TestConsole.with { console in
            let file = try console.file("hello.lua", "log hello world\nlog again\nreturn 42")
            let outcome = try await console.run("run", file)
            #expect(outcome.status == 0)
            #expect(outcome.output == "hello world\nagain\n42\n")
            #expect(outcome.errors == "run 1\n")
        }
    }

    @Test func aScriptComesFromStandardInputToo() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("run", "-", input: "log from a pipe")
            #expect(outcome.output == "from a pipe\n")
            #expect(try await console.client.request("runs").array?.first?["hook"] == "stdin.lua")
        }
    }

    @Test(arguments: [
        ("fail claim_alive it may still write", 4), ("fail not_found nobody", 5), ("fail boom it broke", 1), ("syntax", 1),
    ])
    func theExitCodeTellsHowItEnded(source: String, status: Int) async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("run", try console.file("x.lua", source))
            #expect(outcome.status == Int32(status))
            #expect(outcome.errors.contains("error: "))
        }
    }

    @Test func jsonIsTheWholeStory() async throws {
        try await TestConsole.with { console in
            let file = try console.file("hello.lua", "log hello\nreturn 42")
            let story = try Value(json: try await console.run("run", file, "--json").output)
            #expect(story["run"]["status"] == "done")
            #expect(story["steps"].array?.count == 1)
            let started = try Value(json: try await console.run("run", file, "--no-wait", "--json").output)
            #expect(started["run"] == 2)
        }
    }

    @Test func controlCLeavesTheRun() async throws {
        try await TestConsole.with { console in
            let running = try console.muster.start(["run", try console.file("wait.lua", "log waiting\nwait")])
            try await eventually { running.outputSoFar.contains("waiting") }
            running.signal(SIGINT)
            let outcome = await running.end()
            #expect(outcome.status == 130)
            #expect(outcome.errors.contains("run 1 goes on: muster run --attach 1 follows it, muster runs cancel 1 ends it"))
            #expect(try await console.client.request("runs").array?.first?["status"] == "running")
        }
    }

    @Test func theStoryOfARun() async throws {
        try await TestConsole.with { console in
            _ = try await console.run("run", try console.file("hello.lua", "log hello\nfail boom it broke"))
            let lines = try await console.run("runs", "show", "1").output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0].hasSuffix("hello.lua · failed"))
            #expect(lines[1].hasPrefix("started by "))
            #expect(lines.contains { $0.hasSuffix("log(\"hello\")") })
            #expect(lines.contains { $0.hasPrefix("failed after ") })
            #expect(lines.contains("  error: script.lua:2: it broke [boom]"))
            let list = try await console.run("runs").output
            #expect(list.contains("failed"))
            #expect(list.contains("it broke [boom]"))
        }
    }

    @Test func aRunIsCancelledByItsNumber() async throws {
        try await TestConsole.with { console in
            _ = try await console.run("run", "--no-wait", try console.file("wait.lua", "wait"))
            #expect(try await console.run("runs", "cancel", "1").status == 0)
            try await eventually { try await console.client.request("runs").array?.first?["status"] == "cancelled" }
        }
    }
}
