import ConsoleFixture
import Foundation
import MusterCore
import Testing

/// `muster sim`: trials, scenarios and incidents from the command line, each in a process of its own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SimCommandTests {
    private static let fleet = """
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        for i = 1, 2 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "1G", bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        image "shop" { path = "/dev/null" }
        server "shop" { image = "shop", memory = "512M", ready = { tcp = "shop:80" } }
        """

    private func scenario<Answer>(_ script: String, _ body: (String) async throws -> Answer) async throws -> Answer {
        try await withFolder { folder in
            for (name, text) in ["README": "What happens.", "fleet.lua": Self.fleet, "script": script] {
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            }
            return try await body(folder)
        }
    }

    @Test func aSeedGivesTheSameBytesInEveryProcess() async throws {
        let arguments = ["sim", "--hosts", "6", "--hours", "0.5", "--seed", "11", "--seeds", "2", "--json"]
        let (first, again) = (try await Program.muster.run(arguments), try await Program.muster.run(arguments))
        #expect(first.status == 0, "\(first.errors)")
        let values = try [first, again].map { outcome -> Value in
            var fields = try #require(try Value(json: outcome.output).object)
            // The only thing that is not of the simulation.
            fields["seconds"] = nil
            return .object(fields)
        }
        #expect(values[0] == values[1])
        #expect(values[0]["trials"] == 2)
        #expect((values[0]["events"].int ?? 0) > 20)
    }

    @Test func aScenarioIsPlayedRecordedAndTheSameInAnotherProcess() async throws {
        try await scenario("5s server shop start\n60s crash node1\nuntil 5m\n") { folder in
            let played = try await Program.muster.run(["sim", "--scenario", folder])
            #expect(played.status == 0, "\(played.errors)")
            #expect(played.output.contains("resource.fenced node1 evidence=off"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/log.expect"))
            #expect(try await Program.muster.run(["sim", "--scenario", folder, "--record"]).status == 0)
            #expect(try String(contentsOfFile: folder + "/log.expect", encoding: .utf8) == played.output)
            let value = try Value(json: try await Program.muster.run(["sim", "--scenario", folder, "--json"]).output)
            #expect(value["servers"].array?.first?["state"] == "running")
            #expect(value["claims"].array?.first?["resource"] == "node2")
            #expect(value["story"].array?.contains { $0["event"]["name"] == "resource.failed" } == true)
        }
    }

    @Test func aBrokenRuleEndsWithOne() async throws {
        try await scenario("5s server shop start\n60s bmc node1 deceive\n61s crash node1\nuntil 5m\n") { folder in
            let outcome = try await Program.muster.run(["sim", "--scenario", folder])
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("violation  node1 is on, and evidence"))
        }
    }

    @Test func anIncidentOfARealEngineBecomesAScenario() async throws {
        try await withFolder { folder in
            try Self.fleet.write(toFile: folder + "/fleet.lua", atomically: true, encoding: .utf8)
            let (events, night) = (folder + "/events.json", folder + "/night")
            let at = 1_767_225_600_000
            let told = [
                #"{"id":1,"at":\#(at),"name":"engine.started","data":{}}"#,
                #"{"id":2,"at":\#(at + 5_000),"name":"server.wanted","server":"shop","data":{"why":"its target was set"}}"#,
                #"{"id":3,"at":\#(at + 90_000),"name":"resource.suspect","resource":"node1","data":{"silence":3000}}"#,
            ]
            try "[\(told.joined(separator: ","))]".write(toFile: events, atomically: true, encoding: .utf8)
            let made = try await Program.muster.run(["sim", "--record", night, "--fleet", folder + "/fleet.lua", "--events", events])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try String(contentsOfFile: night + "/script", encoding: .utf8).contains("crash node1"))
            let played = try await Program.muster.run(["sim", "--scenario", night])
            #expect(played.status == 0, "\(played.errors)")
            #expect(played.output.contains("resource.failed node1"))
            #expect(
                try await Program.muster.run(["sim", "--record", night, "--fleet", folder + "/fleet.lua", "--events", events]).status == 1)
        }
    }

    @Test func theEventsOfARunningEngineAreAnIncident() async throws {
        try await ServedEngine.with { engine in
            let night = engine.folder + "/night"
            try Self.fleet.write(toFile: engine.folder + "/fleet.lua", atomically: true, encoding: .utf8)
            let made = try await engine.muster.run(["sim", "--record", night, "--fleet", engine.folder + "/fleet.lua"])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try await engine.muster.run(["sim", "--scenario", night]).status == 0)
        }
    }

    @Test func wrongUsageIsTold() async throws {
        for (arguments, words) in [
            (["--faults", "krash"], "there is no fault"), (["--record"], "--record goes with --scenario"),
            (["--seeds", "0"], "are more than 0"),
            (["--record", "night"], "wants the fleet file"), (["--scenario", "a", "b"], "not both"),
        ] {
            let outcome = try await Program.muster.run(["sim"] + arguments)
            #expect(outcome.status == 2, "\(arguments)")
            #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
        }
        let none = try await Program.muster.run(["sim", "--scenario", "/nonexistent"])
        #expect(none.status == 5)
        #expect(none.errors.contains("is no scenario"))
    }
}
