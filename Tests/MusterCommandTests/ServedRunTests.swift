import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// `muster run` against a real engine that is killed under it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ServedRunTests {
    private static let script = """
        log("begun")
        wait_for("user.go")
        log("went on")
        return "done after all"
        """

    @Test func aRunGoesOnWhereItWasAfterTheEngineWasKilled() async throws {
        try await ServedEngine.with { engine in
            let running = try engine.muster.start(["run", try engine.file("slow.lua", Self.script)])
            try await eventually { running.outputSoFar == "begun\n" }
            // Its number comes at once: whoever loses this client finds the run again.
            #expect(running.errorsSoFar == "run 1\n")
            await engine.kill()
            try await eventually { running.errorsSoFar.contains("run 1 goes on when it is back") }
            try await engine.start()
            try await eventually { try await engine.waits() == ["wait_for user.go"] }
            // Somebody else follows it too, from its beginning.
            let other = try engine.muster.start(["run", "--attach", "1"])
            try await eventually { other.outputSoFar == "begun\n" }
            _ = try await engine.client.request("event.emit", ["name": "user.go"])
            for client in [running, other] {
                let outcome = await client.end()
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.output == "begun\nwent on\ndone after all\n")
            }
            // Each step once.
            let steps = try await engine.client.request("run", ["id": 1])["steps"].array ?? []
            #expect(steps.compactMap { $0["name"].string } == ["log", "wait_for", "log"])
        }
    }

    @Test func controlCLeavesTheRunAndSaysHowToGoOn() async throws {
        try await ServedEngine.with { engine in
            let running = try engine.muster.start(["run", try engine.file("slow.lua", Self.script)])
            try await eventually { running.outputSoFar == "begun\n" }
            running.signal(SIGINT)
            let outcome = await running.end()
            #expect(outcome.status == 130)
            #expect(outcome.errors.contains("muster run --attach 1") && outcome.errors.contains("muster runs cancel 1"))
            #expect(try await engine.waits() == ["wait_for user.go"])
            let attached = try engine.muster.start(["run", "--attach", "1"])
            try await eventually { attached.outputSoFar == "begun\n" }
            _ = try await engine.muster.run(["runs", "cancel", "1"])
            let end = await attached.end()
            #expect(end.status == 1 && end.errors.contains("[cancelled]"))
        }
    }

    @Test func whoAttachesNamesARunThatIsThere() async throws {
        try await ServedEngine.with { engine in
            #expect(try await engine.muster.run(["run", "--attach", "7"]).status == 5)
            #expect(try await engine.muster.run(["run"]).status == 2)
            #expect(try await engine.muster.run(["run", "x.lua", "--attach", "7"]).status == 2)
            await engine.kill()
            let gone = try await engine.muster.run(["run", "--attach", "1"])
            #expect(gone.status == 3 && gone.errors.contains("[no_engine]"))
        }
    }
}
