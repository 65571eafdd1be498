import ConsoleFixture
import Foundation
import MusterCore
import MusterEngine
import Testing

/// What commands show to people and to programs.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OutputTests {
    @Test(arguments: [
        ["status"], ["resources"], ["servers"], ["images"], ["events"], ["runs"], ["hooks"], ["version"], ["arm"],
        ["server", "start", "shop"],
        ["fence", "node1"], ["fence", "node3", "--confirm-off"], ["maintenance", "node3", "on"], ["doctor", "engine"],
    ])
    func jsonIsJSON(command: [String]) async throws {
        try await TestConsole.with { console in
            let outcome = try await console.muster.run(command + ["--json"])
            #expect(throws: Never.self) { try Value(json: outcome.output) }
            #expect(outcome.output.hasSuffix("\n"))
            #expect(outcome.output.split(separator: "\n").count == 1)
        }
    }

    @Test func jsonIsTheEnginesAnswer() async throws {
        try await TestConsole.with { console in
            for (command, request) in [
                ("servers", "servers"), ("resources", "resources"), ("hooks", "hooks"), ("images", "images"),
            ] {
                let shown = try Value(json: try await console.run(command, "--json").output)
                let answer = try await console.client.request(request)
                #expect(shown == answer)
            }
        }
    }

    @Test func statusAnswersAtAGlance() async throws {
        try await TestConsole.with { console in
            let lines = try await console.run("status").output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0] == "armed · 3 machines, 1 on · 1 server, 1 running · 0 runs alive · 0 hooks")
            #expect(lines.contains { $0.hasPrefix("node1    active   on       shop    10.77.0.1") })
            #expect(
                lines.contains {
                    $0.hasPrefix("node2    unknown  unknown") && $0.hasSuffix("BMC: the BMC at 127.0.0.2 refuses the password")
                })
            #expect(lines.contains { $0.hasPrefix("shop    running  node1  10.77.0.100") })
        }
    }

    @Test func aBlockedServerShowsItsReasonAndRemedy() async throws {
        try await TestConsole.with { console in
            _ = try await console.run("fence", "node1")
            let output = try await console.run("status").output
            #expect(output.contains("shop    blocked"))
            #expect(output.contains("    reason: node1 is fenced and nothing places shop"))
            #expect(output.contains("    remedy: "))
        }
    }

    @Test func disarmedStandsOut() async throws {
        try await TestConsole.with { console in
            _ = try await console.run("disarm")
            #expect(try await console.run("status").output.hasPrefix("disarmed · ") == true)
        }
    }

    @Test func whatEndsByItselfSaysWhen() async throws {
        try await TestConsole.with { console in
            #expect(try await console.run("disarm", "--for", "2h").output.hasSuffix(", or muster arm\n"))
            let status = try await console.run("status").output
            #expect(status.contains("no failover happens until ") && status.contains(", or muster arm"))
            #expect(try await console.run("maintenance", "node2", "on", "--for", "90m").output.contains("nothing is placed on it until "))
            #expect(try await console.run("status").output.contains("maintenance until "))
            #expect(try await console.muster.run(["disarm", "--for", "soon"]).status != 0)
            #expect(try await console.muster.run(["maintenance", "node2", "off", "--for", "1h"]).status != 0)
            _ = try await console.run("arm")
            #expect(try await console.run("disarm").output == "disarmed: no failover happens until: muster arm\n")
        }
    }

    @Test func whatSleepsSaysWhatItSaves() async throws {
        var snapshot = Snapshot.fleet
        for index in snapshot.resources.indices { snapshot.resources[index].watts = 180 }
        snapshot.resources[1].power = .off
        snapshot.resources[1].asleepSince = Timestamp(milliseconds: SystemTime().now().wall.milliseconds - 36_000_000)
        try await TestConsole.with(snapshot) { console in
            let status = try await console.run("status").output
            #expect(status.contains("1 of 3 machines sleeps: about 180 W less than all on; 1.8 kWh saved since "), "\(status)")
        }
    }

    @Test func whatIsMeasuredIsSaid() async throws {
        try await TestConsole.with { console in
            #expect(try await !console.run("status").output.contains("measured"))
            try await console.loop.turn { engine, now in engine.drawSeen(ResourceID("node1"), watts: 95, now: now) }
            #expect(try await console.run("status").output.contains("1 machine measured: 95 W now"))
            let resources = try Value(json: try await console.run("resources", "--json").output)
            #expect(resources.array?.first { $0["name"] == "node1" }?["watts_now"] == 95)
        }
    }

    @Test func coloursAreForTerminals() async throws {
        try await TestConsole.with { console in
            let piped = try await console.run("status")
            #expect(!piped.output.contains("\u{1B}"))
            let terminal = try console.terminal("status")
            try await terminal.expect("\u{1B}[32mactive\u{1B}[0m")
            #expect(try await terminal.end() == 0)
            var plain = console.muster.environment
            plain["NO_COLOR"] = "1"
            let colourless = try TerminalProgram(console.muster.path, ["status"], environment: plain)
            try await colourless.expect("node3")
            #expect(try await colourless.end() == 0)
            #expect(!colourless.unread.contains("\u{1B}"))
        }
    }

    @Test func namesCannotForgeTheScreen() async throws {
        var snapshot = Snapshot.fleet
        snapshot.resources[2].tags = ["\u{1B}[31mred", "two\nlines", "\u{202E}backwards"]
        try await TestConsole.with(snapshot) { console in
            let output = try await console.run("resources").output
            #expect(!output.contains("\u{1B}"))
            #expect(!output.contains("\u{202E}"))
            #expect(output.split(separator: "\n").count == 4)
        }
    }

    @Test func eventsGoOnWithFollow() async throws {
        try await TestConsole.with { console in
            for _ in 0..<3 { try await console.emitEvent() }
            let following = try console.muster.start(["events", "--follow", "--limit", "2"])
            try await eventually { following.outputSoFar.split(separator: "\n").count == 2 }
            for _ in 0..<3 { try await console.emitEvent() }
            try await eventually { following.outputSoFar.split(separator: "\n").count == 5 }
            following.signal(SIGTERM)
            let numbers = await following.end().output.split(separator: "\n").map { $0.split(separator: " ")[0] }
            #expect(numbers == ["2", "3", "4", "5", "6"])
        }
    }

    @Test func eventsAfterANumber() async throws {
        try await TestConsole.with { console in
            for _ in 0..<5 { try await console.emitEvent() }
            let some = try await console.run("events", "--after", "2", "--limit", "2", "--json")
            #expect(try Value(json: some.output).array?.map { $0["id"] } == [3, 4])
            let following = try console.muster.start(["events", "--follow", "--after", "3", "--json"])
            try await eventually { following.outputSoFar.split(separator: "\n").count == 2 }
            following.signal(SIGTERM)
            let lines = await following.end().output.split(separator: "\n")
            #expect(try lines.map { try Value(json: String($0))["id"] } == [4, 5])
        }
    }

    @Test func hooksNameTheirErrors() async throws {
        try await TestConsole.with { console in
            let output = try await console.run("hooks").output
            #expect(output.contains("failover.lua  failover#1  resource.failed  failover.lua:2"))
            #expect(output.contains("broken.lua    failed"))
            #expect(output.contains("    broken.lua:7: 'end' expected"))
        }
    }

    @Test func planAndApply() async throws {
        try await TestConsole.with(Snapshot()) { console in
            let file = try console.file("fleet.lua", "image one\nimage two\n")
            let plan = try await console.run("plan", file)
            #expect(plan.output == "+ image one\n+ image two\n")
            #expect(try await console.run("apply", file).output == plan.output)
            #expect(try await console.run("plan", file).output == "nothing to do: the fleet is as declared\n")
            let bad = try console.file("bad.lua", "bad")
            let refused = try await console.run("apply", bad)
            #expect(refused.status == 1)
            #expect(
                refused.errors
                    == "error: \(bad):3: host node1: there is no key \"memori\" [bad_fleet]\nhint: did you mean \"memory\"?\n")
            #expect(try await console.run("plan", file).output == "nothing to do: the fleet is as declared\n")
        }
    }
}
