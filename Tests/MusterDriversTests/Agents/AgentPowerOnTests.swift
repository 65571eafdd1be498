import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Agents that switch on: believed by their status alone, and told once.
@Suite struct AgentPowerOnTests {
    private func agent(on: String) async throws -> AgentScript {
        let agent = try await AgentScript(status: AgentScript.honest, on: on)
        try agent.scratch.write("power", "off")
        return agent
    }

    @Test func itIsOnWhenItsStatusSaysSo() async throws {
        let agent = try await agent(on: "echo on > power")
        try await agent.agents.powerOn(agent.access(), timeoutMilliseconds: 60_000)
        #expect(agent.actions == ["status", "on", "status"])
        try await agent.agents.powerOn(agent.access(), timeoutMilliseconds: 60_000)
        #expect(agent.actions.count { $0 == "on" } == 1, "it was on already")
    }

    @Test func anOrderWithoutEffectIsNotGivenAgain() async throws {
        let agent = try await agent(on: "echo 'Success: Powered ON'")
        let error = try await failing { try await agent.agents.powerOn(agent.access(), timeoutMilliseconds: 3_000) }
        #expect(error.code == "still_off" && error.hint != nil, "\(error)")
        #expect(agent.actions.count { $0 == "on" } == 1, "given again it could come after a fence")
    }
}
