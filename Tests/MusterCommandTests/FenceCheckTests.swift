import ConsoleFixture
import Foundation
import MusterCore
import MusterEngine
import Testing

/// `muster fence --check`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FenceCheckTests {
    /// node2's controller refuses the password, and it has no other rung.
    private static let unready: Snapshot = {
        var snapshot = Snapshot.fleet
        for index in snapshot.resources.indices where snapshot.resources[index].id == ResourceID("node2") {
            snapshot.resources[index].fence = [FenceRung(.bmc), FenceRung(.lease)]
        }
        return snapshot
    }()

    @Test func everyRungIsShownAndARungThatWorksIsEnough() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.muster.run(["fence", "--check", "node2", "node3"])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").prefix(3).map(String.init) }
            #expect(lines.first == ["MACHINE", "RUNG", "STATE"])
            #expect(lines.contains(["node2", "bmc", "fails"]) && lines.contains(["node3", "bmc", "absent"]))
            #expect(lines.count { Array($0.prefix(2)) == ["storage", "works"] } == 2)
            #expect(outcome.output.contains("hint: muster secret set bmc/node2"))
        }
    }

    @Test func aMachineWithoutOneEndsItWithOneAndIsALineInStatus() async throws {
        try await TestConsole.with(Self.unready) { console in
            let outcome = try await console.muster.run(["fence", "--check", "--json"])
            #expect(outcome.status == 1 && outcome.errors.contains("nothing can fence node2"), "\(outcome.errors)")
            let found = try Value(json: outcome.output).array ?? []
            #expect(found.first { $0["name"] == "node2" }?["rungs"].array?.map { $0["state"].string } == ["fails", "absent"])
            let people = try await console.muster.run(["status"]).output
            #expect(people.contains("nothing can fence node2: muster fence --check says why"))
            let status = try Value(json: try await console.muster.run(["status", "--json"]).output)
            #expect(status["fence_unready"] == ["node2"])
            let events = try await console.muster.run(["events"]).output
            #expect(events.contains("fence.unready"))
        }
    }

    @Test(arguments: [["fence"], ["fence", "node1", "node2"], ["fence", "--check", "--confirm-off", "node1"]])
    func whatGoesNotTogetherIsRefused(_ arguments: [String]) async throws {
        try await TestConsole.with { console in
            let outcome = try await console.muster.run(arguments)
            #expect(outcome.status == 2)
        }
    }
}
