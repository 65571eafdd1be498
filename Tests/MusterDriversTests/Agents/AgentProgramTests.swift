import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Agents that lie, hang, stutter or are not there: small scripts, each in a folder of its own.
@Suite struct AgentProgramTests {
    @Test func optionsAndPasswordsGoThroughStandardInputOnly() async throws {
        let agent = try await AgentScript(status: AgentScript.honest)
        _ = try await agent.fence(["ip": "127.0.0.9", "plug": "3", "login_timeout": "5"], secrets: ["password": "pw-8Jq=x\n"])
        let input = agent.scratch.read("input").split(separator: "\n").prefix(5).joined(separator: "\n")
        #expect(input == "ip=127.0.0.9\nlogin_timeout=5\npassword=pw-8Jq=x\nplug=3\naction=status")
        #expect(!agent.scratch.read("words").contains("pw-8Jq") && agent.scratch.read("words").contains("fence_test"))
        #expect(agent.actions == ["status", "off", "status"])
    }

    @Test func anAgentThatLiesOfItsOrderIsStillOn() async throws {
        let agent = try await AgentScript(status: AgentScript.honest, off: "echo 'Success: Powered OFF'")
        let error = try await failing { try await agent.fence(timeout: 10_000) }
        #expect(error.code == .stillOn)
        #expect(error.message.hasPrefix("fence_test still says on after "), "\(error)")
    }

    @Test func anOrderThatFailsIsBelievedOnlyByTheStatus() async throws {
        // Its order says that it failed, and the machine goes off all the same, some looks later.
        let agent = try await AgentScript(
            status: "echo x >> looks; [ $(wc -l < looks) -gt 4 ] && echo off > power; \(AgentScript.honest)", off: "exit 7")
        let words = try await agent.fence()
        #expect(words.contains("after the order (was on)"), "\(words)")
        #expect(agent.actions == ["status", "off", "status", "status", "status", "status"])
    }

    @Test func anOrderWithoutEffectIsGivenAgain() async throws {
        let agent = try await AgentScript(
            status: AgentScript.honest, off: "[ -e once ] && echo off > power; touch once", timing: FenceAgentTiming(poll: 20, reorder: 100)
        )
        let words = try await agent.fence()
        #expect(words.contains("the first of 2 orders"), "\(words)")
    }

    @Test(arguments: [
        // What shells and agents end with when they did not understand.
        "echo 'bad arguments' >&2; exit 2", "exit 2",
        // On and off at once.
        "echo 'Status: ON'; exit 2", "echo 'Status: OFF'; exit 0",
        "echo 'off, not on'; exit 2", "echo 'Status: OFF'; exit 1", "kill -9 $$",
    ])
    func whatIsNeitherOnNorOffIsNoReading(_ status: String) async throws {
        let agent = try await AgentScript(status: status)
        let error = try await failing { try await agent.fence() }
        #expect(error.code == "agent_failed" && error.hint != nil, "\(error)")
        #expect(agent.actions == ["status"], "nothing is ordered by an agent that cannot tell")
    }

    @Test func anAgentThatHangsIsKilledWithAllThatItStarted() async throws {
        let agent = try await AgentScript(status: "sleep 1000 & echo $! > child; echo 'password=pw-8Jq' >&2; wait")
        let error = try await failing { try await agent.fence(secrets: ["password": "pw-8Jq"], timeout: 4_000) }
        #expect(error.code == .timeout && !"\(error)".contains("pw-8Jq"), "\(error)")
        let child = try #require(Int32(agent.scratch.read("child")))
        try await eventually("the agent's child is gone") {
            let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            return state.isEmpty || state.contains(") Z ")
        }
    }

    @Test func anOrderThatHangsLeavesTimeToLook() async throws {
        let agent = try await AgentScript(status: AgentScript.honest, off: "echo off > power; sleep 1000")
        let words = try await agent.fence(timeout: 12_000)
        #expect(words.contains("says off"), "\(words)")
        #expect(agent.actions == ["status", "off", "status"])
    }

    @Test func aStatusThatFailsForAWhileIsAskedAgain() async throws {
        let agent = try await AgentScript(
            status: "echo x >> looks; case $(wc -l < looks) in 2 | 3) echo busy >&2; exit 4 ;; esac; \(AgentScript.honest)")
        #expect(try await agent.fence().contains("says off"))
        #expect(agent.actions == ["status", "off", "status", "status", "status"])
    }

    @Test func aSecretIsNeverInAnError() async throws {
        let agent = try await AgentScript(status: "cat given >&2; echo \"login with pw-8Jq failed\" >&2; exit 3")
        let error = try await failing { try await agent.fence(secrets: ["password": "pw-8Jq"]) }
        #expect(error.message == "fence_test ended with the status 3: login with ••• failed")
        #expect(error.hint?.contains("muster secret set") == true)
    }

    @Test func aMissingProgramNamesItsPackage() async throws {
        let agents = ProgramFenceAgents(runner: SystemProgramRunner(), folders: ["/nowhere"])
        for (name, package) in [("fence_apc", "fence-agents"), ("fence_xvm", "fence-virt")] {
            let error = try await failing { try await agents.status(FenceAgentAccess(program: name)) }
            #expect(error.code == "agent_missing" && error.hint == "install it: apt-get install \(package)")
            #expect(ProgramFenceAgents.problem(name, folders: ["/nowhere"]) == error)
        }
    }

    @Test(arguments: [
        "", "fence_", "fence_Apc", "fence_a/b", "../fence_apc", "fence_a.sh", "apc", "fence_é", "fence_apc\n", "fence_scsi",
        "fence_ack_manual",
    ])
    func othersAreNoAgents(_ name: String) async throws {
        let agents = ProgramFenceAgents(runner: SystemProgramRunner())
        let error = try await failing { try await agents.status(FenceAgentAccess(program: name)) }
        #expect(error.code == "agent_unfit" && error.hint != nil, "\(error)")
    }

    @Test(arguments: [
        ("ip", "a\naction=on"), ("ip", "a\r"), ("ip", "a\u{0}"), ("ip", "a\u{7f}"), ("ip", "a\u{85}"), ("a b", "x"), ("", "x"),
        ("a=b", "x"), ("#a", "x"),
        ("action", "on"), ("Action", "off"), ("option", "reboot"), ("method", "cycle"),
    ])
    func optionsThatCouldSayMoreAreRefused(_ key: String, _ value: String) async throws {
        let agent = try await AgentScript(status: AgentScript.honest)
        let error = try await failing { try await agent.fence([key: value]) }
        #expect(error.code == "agent_unfit", "\(error)")
        #expect(agent.actions == [])
        if !key.isEmpty {
            let hidden = try await failing { try await agent.fence(secrets: [key: value + "-9Kx"]) }
            #expect(hidden.code == "agent_unfit" && !"\(hidden)".contains("-9Kx"))
        }
    }
}
