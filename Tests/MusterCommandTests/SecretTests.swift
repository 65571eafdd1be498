import ConsoleFixture
import Foundation
import MusterCore
import MusterStore
import Testing

/// `muster secret`, which needs no engine.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SecretTests {
    @Test func aSecretIsKeptListedAndRemoved() async throws {
        try await withFolder { folder in
            let place = ["--state", folder + "/state"]
            let muster = Program.muster
            #expect(
                try await muster.run(["secret", "set", "bmc/node1"] + place, input: "pässword\n").output == "bmc/node1 is set\n")
            let kept = try await SecretStore(stateDirectory: folder + "/state").secret("bmc/node1")
            #expect(kept.bytes == Array("pässword".utf8))
            #expect(try await muster.run(["secret", "list"] + place).output == "bmc/node1\n")
            #expect(try Value(json: try await muster.run(["secret", "list", "--json"] + place).output) == ["bmc/node1"])
            #expect(try await muster.run(["secret", "remove", "bmc/node1"] + place).status == 0)
            let again = try await muster.run(["secret", "remove", "bmc/node1"] + place)
            #expect(again.status == 5)
            #expect(again.errors.contains("[no_secret]"))
        }
    }

    @Test(arguments: [("one\ntwo\n", "one\ntwo"), ("two ends\n\n", "two ends\n"), ("none", "none"), (" spaces ", " spaces ")])
    func oneNewlineAtTheEndIsNotPartOfIt(input: String, secret: String) async throws {
        try await withFolder { folder in
            _ = try await Program.muster.run(["secret", "set", "x", "--state", folder], input: input)
            let kept = try await SecretStore(stateDirectory: folder).secret("x")
            #expect(kept.bytes == Array(secret.utf8))
        }
    }

    @Test func anEmptySecretOrNameIsRefused() async throws {
        try await withFolder { folder in
            for (name, input) in [("x", ""), ("x", "\n"), ("", "y"), ("two words", "y")] {
                let outcome = try await Program.muster.run(["secret", "set", name, "--state", folder], input: input)
                #expect(outcome.status == 2)
            }
            #expect(try await Program.muster.run(["secret", "list", "--state", folder]).output == "no secrets\n")
        }
    }

    @Test func typingIsHidden() async throws {
        try await withFolder { folder in
            let muster = Program.muster
            let terminal = try TerminalProgram(
                muster.path, ["secret", "set", "x", "--state", folder], environment: muster.environment)
            try await terminal.expect("secret x: ")
            try await eventually { !terminal.isEchoing }
            terminal.type("hidden\r")
            try await terminal.expect("x is set")
            #expect(try await terminal.end() == 0)
            #expect(!terminal.unread.contains("hidden"))
            #expect(terminal.isEchoing)
            let kept = try await SecretStore(stateDirectory: folder).secret("x")
            #expect(kept.bytes == Array("hidden".utf8))
        }
    }

    @Test func controlCGivesTheTerminalBack() async throws {
        try await withFolder { folder in
            let muster = Program.muster
            let terminal = try TerminalProgram(
                muster.path, ["secret", "set", "x", "--state", folder], environment: muster.environment)
            try await terminal.expect("secret x: ")
            try await eventually { !terminal.isEchoing }
            terminal.type("hid\u{3}")
            #expect(try await terminal.end() == 130)
            #expect(terminal.isEchoing)
        }
    }
}
