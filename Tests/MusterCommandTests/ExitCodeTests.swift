import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// How commands end.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ExitCodeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var status: Int32
        /// What the error stream must hold.
        var says: String = ""
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(arguments: [
        Case(arguments: ["status"], status: 0),
        Case(arguments: ["maintenance", "node3", "on"], status: 0),
        Case(
            arguments: ["runs", "show", "99"], status: 5,
            says: "error: there is no run 99 [not_found]\nhint: muster runs lists them"),
        Case(arguments: ["runs", "cancel", "99"], status: 5, says: "[not_found]"),
        Case(arguments: ["server", "start", "nobody"], status: 5, says: "[not_found]"),
        Case(arguments: ["fence", "node9"], status: 5, says: "there is no resource \"node9\""),
        Case(arguments: ["fence", "node1", "--confirm-off"], status: 4, says: "it is not off [wrong_state]"),
        Case(arguments: ["fence", "node3"], status: 1, says: "[no_bmc]"),
        Case(arguments: ["apply", "/dev/null"], status: 4, says: "[claim_alive]"),
        Case(arguments: ["plan", "/nonexistent/fleet.lua"], status: 5, says: "cannot read /nonexistent/fleet.lua"),
        Case(arguments: ["nonsense"], status: 2, says: "error: Unexpected argument 'nonsense'"),
        Case(arguments: ["events", "--limit", "-1"], status: 2, says: "--limit"),
        Case(arguments: ["server", "start"], status: 2, says: "<name>"),
        Case(arguments: ["maintenance", "node3", "maybe"], status: 2, says: "'on' and 'off'"),
        Case(arguments: ["fence", "node1", "--timeout", "soon"], status: 2, says: "soon"),
    ])
    func aCommandEndsAsItWent(command: Case) async throws {
        try await TestConsole.with { console in
            let outcome = try await console.muster.run(command.arguments)
            #expect(outcome.status == command.status)
            #expect(command.says.isEmpty || outcome.errors.contains(command.says), "\(outcome.errors)")
            #expect((outcome.status == 0) == outcome.errors.isEmpty)
        }
    }

    @Test func helpIsNoError() async throws {
        for arguments in [[], ["--help"], ["server", "--help"], ["help", "fence"], ["--version"]] {
            let outcome = try await Program.muster.run(arguments)
            #expect(outcome.status == 0, "\(arguments)")
            #expect(!outcome.output.isEmpty)
        }
    }

    @Test func everyCommandSaysThatThereIsNoEngine() async throws {
        try await withFolder { folder in
            let file = folder + "/x.lua"
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            let commands = [
                ["status"], ["resources"], ["servers"], ["images"], ["events"], ["events", "--follow"],
                ["server", "start", "shop"],
                ["server", "stop", "shop"], ["fence", "node1"], ["fence", "node1", "--confirm-off"], ["arm"], ["disarm"],
                ["maintenance", "node1", "on"], ["runs"], ["runs", "show", "1"], ["runs", "cancel", "1"], ["hooks"],
                ["plan", file],
                ["apply", file], ["run", file], ["repl"],
            ]
            for command in commands {
                let outcome = try await Program.muster.run(command + ["--socket", folder + "/none"])
                #expect(outcome.status == 3, "\(command)")
                #expect(
                    outcome.errors.hasPrefix(
                        "error: no engine answers at \(folder)/none [no_engine]\nhint: start one with: muster serve"),
                    "\(command)")
                #expect(outcome.output == "")
            }
        }
    }

    @Test func errorsAreJSONForPrograms() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("runs", "show", "99", "--json")
            let error = try Value(json: outcome.errors)["error"].decode(MusterError.self)
            #expect(error.code == .notFound)
            #expect(outcome.output == "")
        }
    }

    @Test(arguments: ["1", "200"])
    func aReaderThatLeavesEndsIt(limit: String) async throws {
        try await TestConsole.with { console in
            for _ in 0..<200 { try await console.emitEvent() }
            var environment = console.muster.environment
            environment["PROGRAM"] = console.muster.path
            let shell = Program("/bin/sh", environment: environment)
            let outcome = try await shell.run(["-c", "\"$PROGRAM\" events --follow --limit \(limit) | head -n 1"])
            #expect(outcome.status == 0)
            #expect(outcome.output.split(separator: "\n").count == 1)
            #expect(outcome.errors == "")
        }
    }
}
