import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// The prompt, through a pipe and at a terminal.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplTests {
    @Test func linesFromAPipe() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("repl", input: "1 + 1\n\nboom\nfor x do\nend\nlast")
            #expect(outcome.output == "= 1 + 1\n= for x do\nend\n= last\n")
            #expect(outcome.errors == "error: repl:1: there is no global \"boom\" [not_found]\nhint: did you mean \"boot\"?\n")
            #expect(outcome.status == 1)
            #expect(await console.scripts.liveSessions.isEmpty)
        }
    }

    @Test func aPipeWithoutErrorsEndsWell() async throws {
        try await TestConsole.with { console in
            for input in ["1\n", ""] {
                let outcome = try await console.run("repl", input: input)
                #expect(outcome.status == 0)
            }
            let incomplete = try await console.run("repl", input: "for x do")
            #expect(incomplete.status == 1)
            #expect(incomplete.errors.contains("not complete"))
        }
    }

    @Test func aSessionAtATerminal() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("1 + 1\r")
            try await terminal.expect("\r\n= 1 + 1\r\nmuster> ")
            // Several lines of one input.
            terminal.type("for x do\r")
            try await terminal.expect("     .. ")
            terminal.type("end\r")
            try await terminal.expect("= for x do\r\nend\r\nmuster> ")
            // An error keeps the session.
            terminal.type("boom\r")
            try await terminal.expect("there is no global \"boom\"")
            try await terminal.expect("hint:")
            try await terminal.expect("muster> ")
            terminal.type("日本 ä\r")
            try await terminal.expect("= 日本 ä\r\nmuster> ")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
            #expect(await console.scripts.liveSessions.isEmpty)
        }
    }

    @Test func tabCompletes() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("local x = ser\t")
            try await terminal.expect("vers")
            terminal.type("\r")
            try await terminal.expect("= local x = servers\r\nmuster> ")
            // Two fit: what they have in common, then one more key decides.
            terminal.type("res\t.\t")
            try await terminal.expect("get")
            terminal.type("\r")
            try await terminal.expect("= resources.get\r\nmuster> ")
            // Nothing fits: the line stays as it is.
            terminal.type("zzz\t\r")
            try await terminal.expect("= zzz\r\nmuster> ")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func controlCAbandonsTheLine() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("half")
            try await terminal.expect("half")
            terminal.type("\u{3}")
            try await terminal.expect("^C\r\nmuster> ")
            terminal.type("for x do\r")
            try await terminal.expect("     .. ")
            terminal.type("\u{3}")
            try await terminal.expect("^C\r\nmuster> ")
            terminal.type("whole\r")
            try await terminal.expect("= whole\r\nmuster> ")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func controlCCancelsWhatIsExecuted() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("forever\r")
            try await eventually { await !console.scripts.liveSessions.isEmpty }
            terminal.type("\u{3}")
            try await terminal.expect("[cancelled]")
            try await terminal.expect("muster> ")
            terminal.type("again\r")
            try await terminal.expect("= again\r\nmuster> ")
            // Still the same session, with both lines; and one line was given up.
            #expect(await console.scripts.liveSessions.values.sorted() == [1, 2])
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func controlCTwiceAbandonsTheSession() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("deaf\r")
            try await eventually { await !console.scripts.liveSessions.isEmpty }
            terminal.type("\u{3}")
            try await terminal.expect("once more abandons the session")
            terminal.type("\u{3}")
            try await terminal.expect("abandoned")
            try await terminal.expect("muster> ")
            terminal.type("again\r")
            try await terminal.expect("= again\r\nmuster> ")
            terminal.type("\u{4}")
            #expect(try await terminal.end() == 0)
        }
    }

    @Test func theHistoryOutlivesTheSession() async throws {
        try await TestConsole.with { console in
            let first = try console.terminal("repl")
            try await first.expect("muster> ")
            first.type("remember me\r")
            try await first.expect("= remember me\r\nmuster> ")
            first.type("\u{4}")
            #expect(try await first.end() == 0)
            var status = stat()
            #expect(lstat(console.folder + "/state/muster/history", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let second = try console.terminal("repl")
            try await second.expect("muster> ")
            second.type("\u{1B}[A\r")
            try await second.expect("= remember me\r\nmuster> ")
            second.type("\u{4}")
            #expect(try await second.end() == 0)
        }
    }

    @Test func aSignalEndsTheSessionAndGivesTheTerminalBack() async throws {
        try await TestConsole.with { console in
            let terminal = try console.terminal("repl")
            try await terminal.expect("muster> ")
            terminal.type("1\r")
            try await terminal.expect("= 1\r\nmuster> ")
            terminal.hangUp()
            #expect(try await terminal.end() == 128 + SIGTERM)
            #expect(terminal.isEchoing)
            #expect(await console.scripts.liveSessions.isEmpty)
        }
    }

    @Test func anEngineThatGoesIsToldLineByLine() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/other"
            let muster = console.muster
            let terminal = try await console.serving(at: path) {
                let terminal = try TerminalProgram(muster.path, ["repl", "--socket", path], environment: muster.environment)
                try await terminal.expect("muster> ")
                return terminal
            }
            terminal.type("1\r")
            try await terminal.expect("[no_engine]")
            try await terminal.expect("muster> ")
            try await console.serving(at: path) {
                terminal.type("2\r")
                try await terminal.expect("= 2\r\nmuster> ")
                terminal.type("\u{4}")
                #expect(try await terminal.end() == 0)
            }
        }
    }
}
