import Foundation
import MusterCore
import MusterEngine

@testable import MusterDrivers

/// A fence agent of a test's own, a small shell script in a folder of its own. It keeps what it was given: `input` holds every line of its
/// standard input, `actions` what it was asked for, `words` its arguments and its environment.
struct AgentScript {
    let scratch: Scratch
    let agents: ProgramFenceAgents

    /// `status` and `off` are what it does when asked for that; they stand in its folder, where `power` holds `on`.
    init(
        status: String, off: String = "echo off > power", on: String = "echo on > power",
        timing: FenceAgentTiming = FenceAgentTiming(poll: 20, reorder: 600_000)
    ) async throws {
        scratch = try Scratch()
        try scratch.write("power", "on")
        try scratch.write(
            "text",
            """
            #!/bin/sh
            cd '\(scratch.path)'
            { echo "$*"; env; tr '\\0' ' ' < /proc/$$/cmdline; } >> words
            cat > given; cat given >> input
            action=$(sed -n 's/^action=//p' given)
            echo "$action" >> actions
            case $action in
            status) \(status) ;;
            off) \(off) ;;
            on) \(on) ;;
            *) exit 1 ;;
            esac

            """)
        // Another process writes the program: a child that is being started meanwhile would hold it open, and it could not be executed.
        let copied = try await Program.run(
            "install", package: "coreutils", ["-m", "755", scratch.file("text"), scratch.file("fence_test")])
        guard copied.status == 0 else { throw TestFailure(description: copied.output) }
        agents = ProgramFenceAgents(runner: SystemProgramRunner(), folders: [scratch.path], timing: timing)
    }

    /// What an honest agent says.
    static let honest = "if [ \"$(cat power)\" = on ]; then echo 'Status: ON'; exit 0; fi; echo 'Status: OFF'; exit 2"

    var actions: [String] { scratch.read("actions").split(separator: "\n").map(String.init) }

    func access(_ options: [String: String] = [:], secrets: [String: String] = [:]) -> FenceAgentAccess {
        FenceAgentAccess(program: "fence_test", options: options, secrets: secrets.mapValues { Secret(bytes: Array($0.utf8)) })
    }

    func fence(_ options: [String: String] = [:], secrets: [String: String] = [:], timeout: Int64 = 60_000) async throws -> String {
        try await agents.powerOffUntilSeenOff(access(options, secrets: secrets), timeoutMilliseconds: timeout)
    }
}
