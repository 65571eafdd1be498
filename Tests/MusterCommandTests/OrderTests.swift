import ConsoleFixture
import Foundation
import MusterCore
import MusterEngine
import Testing

/// Orders, and what is told of them while they are carried out.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OrderTests {
    @Test func aFenceEndsWithItsEvidence() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("fence", "node1")
            #expect(outcome.status == 0)
            #expect(outcome.output == "node1 is fenced: off, read off twice at 127.0.0.1\n")
            #expect(outcome.errors.contains("node1 is being fenced"))
            #expect(outcome.errors.contains("resource.fenced"))
        }
    }

    @Test func aFenceThatFailsSaysWhy() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("fence", "node2")
            #expect(outcome.status == 4)
            #expect(
                outcome.errors.contains("bmc: the BMC at 127.0.0.2 refuses the password; storage: no image is exported to it [not_fenced]"),
                "\(outcome.errors)")
            #expect(outcome.errors.contains("muster secret set bmc/node2; or if you have seen that it is off"))
            #expect(outcome.errors.contains("muster fence node2 --confirm-off"))
            #expect(outcome.output == "")
        }
    }

    @Test func theOperatorsWordIsRecordedUnderTheirName() async throws {
        try await TestConsole.with { console in
            var program = console.muster
            program.environment["SUDO_USER"] = "ada"
            let outcome = try await program.run(["fence", "node3", "--confirm-off", "--json"])
            let evidence = try Value(json: outcome.output)
            #expect(evidence["kind"] == "manual")
            #expect(evidence["operatorName"].string == (getuid() == 0 ? "ada" : NSUserName()))
        }
    }

    @Test func armingAndDisarming() async throws {
        try await TestConsole.with { console in
            for (command, words, isArmed) in [
                ("disarm", "disarmed: no failover happens until: muster arm\n", false),
                ("arm", "armed: failovers happen\n", true),
            ] {
                let outcome = try await console.run(command)
                #expect(outcome.output == words)
                let status = try await console.client.request("status")
                #expect(status["armed"].bool == isArmed)
            }
        }
    }

    @Test func everyMachineIsExplained() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("servers", "why", "shop")
            #expect(outcome.status == 0 && outcome.output.contains("It is running on node1"), "\(outcome.output)\(outcome.errors)")
            let machines = try await console.client.request("resources").array ?? []
            let value = try Value(json: try await console.run("servers", "why", "shop", "--json").output)
            let named = (value["candidates"].array ?? []) + (value["others"].array ?? [])
            #expect(named.compactMap { $0["name"].string }.sorted() == machines.compactMap { $0["name"].string }.sorted())
            #expect(value["others"].array?.first { $0["name"] == "node1" }?["objection"] == "runs shop")
            for machine in machines { #expect(outcome.output.contains(machine["name"].string ?? "?")) }
            let wrong = try await console.run("servers", "why", "shpo")
            #expect(wrong.status == 5 && wrong.errors.contains("there is no server \"shpo\""), "\(wrong.status) \(wrong.errors)")
            #expect(try await console.run("servers").output.contains("shop"))
        }
    }

    @Test func aServerThatRunsNeedsNoWaiting() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("server", "start", "shop", "--wait")
            #expect(outcome.status == 0)
            #expect(outcome.output == "shop is running on node1\n")
        }
    }

    @Test func aServerThatNothingStopsIsBlocked() async throws {
        try await TestConsole.with { console in
            let waiting = try await console.run("server", "stop", "shop", "--wait")
            #expect(waiting.status == 1)
            #expect(waiting.errors.hasPrefix("error: shop: it should be stopped and still has node1 [blocked]\nhint: "))
            let accepted = try await console.run("server", "stop", "shop")
            #expect(accepted.status == 0)
            #expect(accepted.output.hasPrefix("shop is blocked on node1\n  reason: "))
        }
    }

    @Test func waitingEndsWhenTheServerRuns() async throws {
        var snapshot = Snapshot.fleet
        snapshot.servers[0].readyEpoch = nil
        try await TestConsole.with(snapshot) { console in
            // A run that waits answers for the server, so it is starting and not blocked.
            let source = try console.file("wait.lua", "own shop\nwait")
            _ = try await console.run("run", source, "--no-wait")
            try await eventually { try await console.client.request("run", ["id": 1])["steps"].array?.count == 2 }
            let waiting = try console.muster.start(["server", "start", "shop", "--wait"])
            try await eventually { waiting.errorsSoFar.contains("server.wanted") }
            console.probe.becomeReady()
            let outcome = await waiting.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == "shop is running on node1\n")
        }
    }
}
