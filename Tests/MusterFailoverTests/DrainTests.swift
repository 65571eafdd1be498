import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct DrainTests {
        /// A machine is taken out of use: its server is stopped in order and starts on the standby, which its BMC wakes. Returned, it is used
        /// again: the standby's own maintenance, which ends by itself, drains the server back to it.
        @Test func machineIsDrainedReturnedAndUsedAgain() async throws {
            try await Stage.play(machines: 2, fleet: { $0 + "policy \"maintenance\" { drain = true }\n" }) { stage in
                let first = try await stage.startShop()
                let standby = first == "node1" ? "node2" : "node1"
                try stage.place("one teapot")
                #expect(stage.power(of: standby) == .off)

                try await Self.drain(stage, first, to: standby, epoch: 2, [first, "on"])
                try await stage.expectOrders("one teapot")
                try stage.place("two cups")
                #expect(try await stage.resource(first)?["state"].string == "maintenance")

                #expect(try await stage.muster("maintenance", first, "off") == "\(first) is in use again")
                #expect(try await stage.resource(first)?["state"].string == "off", "it waits to be woken")
                let why = try await stage.client.request("why", ["name": "shop"])
                #expect(why["candidates"].array?.contains { $0["name"].string == first } == true, "\(why.json)")

                let drained = try await Self.drain(stage, standby, to: first, epoch: 3, [standby, "on", "--for", "8s"])
                try await stage.expectOrders("one teapot", "two cups")
                let returned = try await stage.event("resource.active", of: standby, after: drained.id)
                #expect(drained.data["until"]?.int.map { returned.at.milliseconds >= $0 } == true, "\(drained) \(returned)")
                #expect(try await stage.resource(standby)?["state"].string == "off")
                try await Self.expectNoHarm(stage)
            }
        }

        /// Takes a machine out of use, and follows its server. Returns the event of the first.
        @discardableResult
        private static func drain(_ stage: Stage, _ machine: String, to target: String, epoch: Int64, _ words: [String]) async throws
            -> Event
        {
            let before = try await stage.lastEvent
            #expect(try await stage.muster(["maintenance"] + words).hasPrefix("\(machine) is in maintenance"))
            let drained = try await stage.event("resource.maintenance", of: machine, after: before)
            let ended = try await stage.event("claim.ended", of: machine, after: before)
            #expect(ended.data["evidence"] == "off", "\(ended.data)")
            let running = try await stage.event("server.running", of: target, after: ended.id)
            #expect(running.data["epoch"]?.int == epoch)
            #expect(stage.power(of: machine) == .off && stage.power(of: target) == .on)
            #expect(stage.engine.exports.count == 1)

            let run = try await stage.story(of: drained)
            #expect(run.run.hook == HookID("maintenance"))
            #expect(run.run.status == .done)
            let orders = ["resource.shut_down", "server.release", "server.claim", "resource.power_on", "server.wait_ready"]
            #expect(run.steps.map(\.name).filter(orders.contains) == orders)
            // The BMC writes down when it takes the power away.
            let switched = try String(contentsOfFile: "\(stage.lab.folder)/machines/\(machine)/power.log", encoding: .utf8)
            #expect(!switched.contains("power off"), "it did not shut down by itself")
            return drained
        }

        /// No machine failed, and no claim was made before the one before it had ended with its export cut.
        private static func expectNoHarm(_ stage: Stage) async throws {
            let events = try await stage.events()
            #expect(events.count("resource.failed") + events.count("server.blocked") + events.count("export.died") == 0)
            #expect(events.count("resource.bmc_fault") == 0, "controllers that measure no draw are none the worse")
            #expect(events.epochs(of: "claim.made") == [1, 2, 3] && events.epochs(of: "server.running") == [1, 2, 3])
            let writers = events.filter { ["claim.made", "export.cut", "claim.ended"].contains($0.name) }
            let story = writers.map { "\($0.name) \($0.data["epoch"]?.int ?? 0)" }
            for epoch in 1...2 {
                let next = try #require(story.firstIndex(of: "claim.made \(epoch + 1)"))
                for end in ["export.cut", "claim.ended"] {
                    #expect(try #require(story.firstIndex(of: "\(end) \(epoch)")) < next, "\(story)")
                }
            }
        }
    }
}
