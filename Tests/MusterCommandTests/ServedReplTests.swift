import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// The prompt at a terminal, against a real engine.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ServedReplTests {
    @Test func controlCCancelsTheEffectAndNotTheSession() async throws {
        try await ServedEngine.with { engine in
            let terminal = try engine.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("x = 41\r")
            try await terminal.expect("muster> ")
            terminal.type("x = 42 sleep('1h') x = 43\r")
            try await eventually { try await engine.waits() == ["sleep 1h"] }
            terminal.type("\u{3}")
            try await terminal.expect("[cancelled]")
            try await terminal.expect("muster> ")
            #expect(try await engine.waits() == [])
            terminal.type("'x is ' .. x\r")
            try await terminal.expect("\"x is 42\"\r\nmuster> ")
            // One run, whose story has all of it.
            let runs = try await engine.client.request("runs").array ?? []
            #expect(runs.count == 1 && runs.first?["status"] == "running")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func eventsAreShownWhileOneTypes() async throws {
        try await ServedEngine.with { engine in
            let terminal = try engine.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("events.fol\t")
            try await terminal.expect("low")
            terminal.type(" 'user.*'\r")
            try await terminal.expect("showing events like user.*")
            try await terminal.expect("muster> ")
            terminal.type("'half a li")
            try await terminal.expect("half a li")
            _ = try await engine.client.request("event.emit", ["name": "user.order", "data": ["n": 7]])
            try await terminal.expect("user.order")
            try await terminal.expect("n=7")
            // The line is there again, and goes on.
            try await terminal.expect("muster> 'half a li")
            terminal.type("ne'\r")
            try await terminal.expect("\"half a line\"\r\nmuster> ")
            // Its own events too, and none that were not asked for.
            terminal.type("events.emit('user.mine') log('said')\r")
            try await terminal.expect("user.mine")
            try await terminal.expect("muster> ")
            terminal.type("events.follow(false)\r")
            try await terminal.expect("no longer shown")
            try await terminal.expect("muster> ")
            _ = try await engine.client.request("event.emit", ["name": "user.after"])
            terminal.type("events.follow()\r")
            try await terminal.expect("showing events;")
            try await terminal.expect("muster> ")
            terminal.type("\u{3}")
            try await terminal.expect("^C\r\n")
            try await terminal.expect("no longer shown")
            try await terminal.expect("muster> ")
            terminal.type("'end'\r")
            try await terminal.expect("\"end\"\r\nmuster> ")
            #expect(!terminal.unread.contains("user.after"))
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func anEngineThatGoesIsToldOfItsEvents() async throws {
        try await ServedEngine.with { engine in
            let terminal = try engine.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("events.follow()\r")
            try await terminal.expect("showing events;")
            try await terminal.expect("muster> ")
            await engine.kill()
            try await terminal.expect("no longer shown: the engine at")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func aClientThatDiesGivesItsLineUp() async throws {
        try await ServedEngine.with { engine in
            let client = try engine.muster.start(["repl"], input: "sleep('1h')\n")
            try await eventually { try await engine.waits() == ["sleep 1h"] }
            client.signal(SIGKILL)
            _ = await client.end()
            try await eventually { try await engine.waits() == [] }
        }
    }
}
