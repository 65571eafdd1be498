import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct OldMachineTests {
        /// The BMC is silent and the only rung, so the fence fails and the operator is asked. They say that the machine is off, and are wrong: it
        /// was only frozen. When it goes on it cannot write any more, and resets itself.
        @Test func machineThatWasNotOffCannotWriteAnyMore() async throws {
            try await Stage.play(machines: 2, fleet: Self.impatient) { stage in
                let first = try await stage.startShop()
                let standby = first == "node1" ? "node2" : "node1"
                try stage.place("one teapot")

                let before = try await stage.lastEvent
                let controller = try stage.engine.controller(of: first)
                kill(controller, SIGSTOP)
                try stage.lab.kill(first, .freeze)
                try await Self.expectBlocked(stage, after: before)
                let (fenced, running) = try await Self.confirm(stage, first, standby)
                try await stage.expectOrders("one teapot")
                try stage.place("two cups")

                kill(controller, SIGCONT)
                try await Self.goesOn(stage, first)
                _ = try await eventually("\(first) idles") {
                    try await stage.resource(first)?["state"].string == "idle" ? true : nil
                }
                // The old machine had the server's address, too, until its reset: the client's ARP cache may name it for seconds.
                try await stage.expectOrders("one teapot", "two cups")
                try stage.place("three spoons")
                try await stage.expectOrders("one teapot", "two cups", "three spoons")
                try await Self.expectUndisturbed(stage, standby, fenced: fenced, running: running)
            }
        }

        private static let late = "an order from the past"

        private static func impatient(_ fleet: String) -> String {
            fleet.replacingOccurrences(of: "failed_after = \"10s\"", with: "failed_after = \"10s\", fence_timeout = \"3s\"")
                .replacingOccurrences(of: "bmc = {", with: "fence = { \"bmc\" }, bmc = {")
        }

        /// No evidence, no second writer.
        private static func expectBlocked(_ stage: Stage, after before: EventID) async throws {
            let blocked = try await stage.event("server.blocked", after: before)
            #expect(blocked.data["remedy"]?.string?.contains("--confirm-off") == true, "\(blocked.data)")
            let events = try await stage.events(after: before)
            #expect(events.count("fence.failed") == 1)
            #expect(events.count("claim.ended") + events.count("claim.made") == 0)
            let server = try await stage.server()
            #expect(server["state"].string == "blocked")
            #expect(server["epoch"].int == 1)
        }

        /// The operator's word. Returns the events that the machine is fenced and that the server runs.
        private static func confirm(_ stage: Stage, _ first: String, _ standby: String) async throws -> (Event, Event) {
            let before = try await stage.lastEvent
            let evidence = try await stage.client.request("fence", ["name": .string(first), "confirm_off": true])
            #expect(evidence["kind"].string == "manual")
            #expect(evidence["operatorName"].string?.isEmpty == false, "\(evidence.json)")
            let fenced = try await stage.event("resource.fenced", of: first, after: before)
            #expect(fenced.data["evidence"] == "manual")
            let running = try await stage.event("server.running", of: standby, after: before)
            #expect(running.data["epoch"] == 2)
            #expect(stage.power(of: first) == .on, "it was frozen, not off")
            #expect(try await stage.events(after: before).epochs(of: "export.cut") == [1])
            #expect(stage.engine.exports.count == 1)
            return (fenced, running)
        }

        /// The machine goes on in the middle of its work, with an order for it on the way.
        private static func goesOn(_ stage: Stage, _ first: String) async throws {
            let before = try await stage.lastEvent
            let machine = try #require(try stage.lab.machines().first { $0.name == first })
            let old = Shop(lab: stage.lab, address: machine.address.description)
            async let wasTaken = Task.detached { try old.order(late, patience: 10) }.value
            try await Task.sleep(for: .milliseconds(300))
            try stage.lab.kill(first, .thaw)
            #expect(try await !wasTaken, "the old machine took an order that it could not write")
            _ = try await eventually("the engine hears of the old machine") {
                try await stage.events(after: before).first {
                    $0.resource?.rawValue == first && ["resource.stale_heartbeat", "resource.booting"].contains($0.name)
                }
            }
            try await stage.event("resource.booting", of: first, after: before)
        }

        private static func expectUndisturbed(_ stage: Stage, _ standby: String, fenced: Event, running: Event) async throws {
            let events = try await stage.events(after: running.id)
            #expect(events.filter { $0.resource?.rawValue == standby && $0.name != "server.running" }.map(\.name) == [])
            #expect(events.count("claim.made") + events.count("claim.ended") + events.count("export.died") == 0)
            let server = try await stage.server()
            #expect(server["state"].string == "running")
            #expect(server["resource"].string == standby)
            #expect(server["epoch"].int == 2)
            #expect(stage.engine.exports.count == 1)
            let image = try Data(contentsOf: URL(fileURLWithPath: stage.lab.folder + "/shop.raw"), options: .alwaysMapped)
            #expect(image.range(of: Data("three spoons".utf8)) != nil)
            #expect(image.range(of: Data(late.utf8)) == nil, "the old machine wrote to the image")
        }
    }
}
