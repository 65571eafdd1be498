import Foundation
import MusterCore
import MusterDrivers
import MusterEngine
import Testing

/// Programs as real child processes.
@Suite struct ProgramRunnerTests {
    private let runner = SystemProgramRunner()

    private func shell(_ text: String, _ arguments: [String] = []) -> ProgramRequest {
        ProgramRequest(program: "/bin/sh", arguments: ["-c", text, "sh"] + arguments)
    }

    @Test func wordsArriveAsTheyAre() async throws {
        let words = ["", "a b", "$(id)", "'", "\"", "*", "é", "-n", "\n", "\\"]
        let result = try await runner.run(shell(#"for w in "$@"; do printf '<%s>' "$w"; done"#, words))
        #expect(result == ProgramResult(code: 0, output: words.map { "<\($0)>" }.joined(), errors: ""))
    }

    @Test func inputOutputErrorsAndStatus() async throws {
        var request = shell("cat; echo bad >&2; exit 7")
        request.input = "given\n"
        #expect(try await runner.run(request) == ProgramResult(code: 7, output: "given\n", errors: "bad\n"))
        #expect(try await runner.run(shell("kill -9 $$")).code == 137)
    }

    @Test func withoutInputItReadsNone() async throws {
        #expect(try await runner.run(ProgramRequest(program: "/bin/cat", arguments: [])).output == "")
    }

    @Test func ofTheEnginesSurroundingsItSeesNothing() async throws {
        let result = try await runner.run(shell("env | grep -v '^_=' | sort; pwd; ls /proc/self/fd | wc -l"))
        let lines = result.output.split(separator: "\n").filter {
            !$0.hasPrefix("PWD=") && !$0.hasPrefix("SHLVL=") && !$0.hasPrefix("OLDPWD=")
        }
        #expect(
            lines.count == 5 && lines[0] == "HOME=/" && lines[1] == "LANG=C.UTF-8" && lines[2].hasPrefix("PATH=") && lines[3] == "/",
            "\(result.output)")
        // The three pipes, and the folder that ls reads.
        #expect(lines[4].trimmingCharacters(in: .whitespaces) == "4")
    }

    @Test func muchInputAndOutputDoNotBlockEachOther() async throws {
        var request = ProgramRequest(program: "/bin/cat", arguments: [])
        request.input = String(repeating: "0123456789abcdef", count: 60_000)
        let result = try await runner.run(request)
        #expect(result.output == request.input && !result.isCut)
        // A program that does not want its input harms nobody.
        request.program = "/bin/true"
        #expect(try await runner.run(request).code == 0)
    }

    @Test func longOutputIsCut() async throws {
        var request = shell("yes | head -c 3000000; yes e | head -c 3000000 >&2")
        request.most = 1000
        let result = try await runner.run(request)
        #expect(result.code == 0 && result.isCut)
        #expect(result.output.utf8.count == 1000 && result.errors.utf8.count == 1000)
    }

    @Test func atTheEndOfItsTimeTheWholeGroupIsKilled() async throws {
        let scratch = try Scratch()
        var request = shell(
            "trap '' TERM HUP; (trap '' TERM HUP; echo $$ >> \"$1\"; sleep 1000) & echo $! >> \"$1\"; echo $$ >> \"$1\"; echo begun >&2; sleep 1000",
            [scratch.file("pids")])
        request.timeout = 1_500
        let error = try await failing { try await runner.run(request) }
        #expect(error.code == .timeout)
        #expect(error.message.contains("begun"))
        try await noneIsLeft(scratch)
    }

    @Test func whatAProgramLeavesBehindIsKilled() async throws {
        let scratch = try Scratch()
        let result = try await runner.run(shell("sleep 1000 & echo $! > \"$1\"; echo done", [scratch.file("pids")]))
        #expect(result.output == "done\n")
        try await noneIsLeft(scratch)
    }

    /// Killed processes are reaped by init: in a container without one they stay as zombies, which execute nothing.
    private func noneIsLeft(_ scratch: Scratch) async throws {
        let pids = scratch.read("pids").split(separator: "\n").compactMap { Int32($0) }
        try #require(!pids.isEmpty)
        for pid in pids {
            try await eventually("process \(pid) is gone") {
                guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
                return stat.contains(") Z ")
            }
        }
    }

    @Test(arguments: ["/nonexistent/program", "/etc", "/etc/passwd"]) func whatIsNoProgramIsNamed(_ path: String) async throws {
        let error = try await failing { try await runner.run(ProgramRequest(program: path, arguments: [])) }
        #expect(error.code == "exec_failed")
        #expect(error.message.contains(path))
    }
}
