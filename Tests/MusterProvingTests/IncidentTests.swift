import MusterCore
import MusterEngine
import MusterProving
import MusterScripting
import MusterSim
import Testing

@Suite struct IncidentTests {
    /// What happened in one simulation, told by its engine's events alone, happens again in another.
    @Test func anIncidentIsPlayedAgainFromItsEvents() throws {
        let real = try Simulation.small(hosts: 4, servers: 2)
        try real.run(
            Script(
                text: """
                    5s server web1 start
                    6s server web2 start
                    200s bmc node4 silent
                    300s crash node1
                    500s maintenance node4 on
                    600s emit user.note text=late
                    until 15m
                    """, file: "script"))
        // The events since three minutes after the start: nothing in them speaks of web2.
        let events = real.engine.store.allEvents.filter { $0.at.milliseconds >= real.agenda.now.wall.milliseconds - 720_000 }
        let incident = try Incident(events, running: ["web1", "web2"])
        let words = incident.script.lines.map(\.command.description)
        #expect(words.contains("server web1 start"))
        #expect(words.contains("server web2 start"))
        #expect(words.contains("crash node1"))
        #expect(words.contains("bmc node4 silent"))
        #expect(words.contains("maintenance node4 on"))
        #expect(words.contains("emit user.note text=late"))

        let again = try Simulation.small(hosts: 4, servers: 2)
        try again.run(try Script(text: incident.script.text, file: "incident"))
        #expect(again.story.violations.isEmpty)
        let failed = { (simulation: Simulation) in
            simulation.eventNames().filter { $0.hasPrefix("resource.failed") || $0.hasPrefix("resource.fenced") }
        }
        #expect(failed(again) == failed(real))
        #expect(again.machine(of: "web1") == real.machine(of: "web1"))
        #expect(again.serverState("web2") == "running")
    }

    @Test func anEngineThatWasGoneIsKilledAgain() throws {
        let real = try Simulation.small()
        try real.run(Script(text: "5s server web1 start\n120s engine crash 30s\nuntil 5m\n", file: "script"))
        let incident = try Incident(real.engine.store.allEvents)
        #expect(incident.script.lines.contains { if case .engineCrash = $0.command { true } else { false } })
    }

    @Test func withoutEventsThereIsNoIncident() {
        #expect(throws: MusterError.self) { try Incident([]) }
    }
}
