import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct EngineDeathTests {
        /// The engine is killed four times: while all is well, in the middle of a fence, right after a claim, and while the
        /// standby boots. No machine notices, and the one failover goes on where it was.
        @Test func killedEngineGoesOnWhereItWas() async throws {
            try await Stage.play(machines: 2) { stage in
                let first = try await stage.startShop()
                let standby = first == "node1" ? "node2" : "node1"
                try stage.place("one teapot")
                try await Self.runningShopNotices(stage, nothingOn: first)

                let failed = try await Self.dieInFence(stage, of: first)
                try await stage.event("claim.made", of: standby, after: failed.id)
                try await Self.dieAndReturn(stage)
                try await stage.event("resource.booting", of: standby, after: failed.id)
                let exports = stage.engine.exports
                #expect(exports.count == 1)
                try await Self.dieAndReturn(stage)

                try await stage.event("server.running", of: standby, after: failed.id)
                try await stage.expectOrders("one teapot", "two cups", "three spoons")
                try stage.place("four plates")
                #expect(stage.engine.exports == exports, "the export was adopted, not opened again")
                #expect(stage.power(of: first) == .off)
                try await Self.expectOneFailover(stage, failed)
            }
        }

        private static func dieAndReturn(_ stage: Stage) async throws {
            try await stage.engine.end()
            try await stage.engine.start()
        }

        /// Without an engine, and with its successor, the shop takes orders from the same machine over the same export.
        private static func runningShopNotices(_ stage: Stage, nothingOn machine: String) async throws {
            let exports = stage.engine.exports
            let process = stage.lab.status().machines.first { $0.name == machine }?.pid
            #expect(exports.count == 1)
            try await stage.engine.end()
            try stage.place("two cups")
            try await stage.engine.start()
            try stage.place("three spoons")
            _ = try await eventually("\(machine) is heard again") {
                try await stage.resource(machine)?["state"].string == "active" ? true : nil
            }
            #expect(stage.engine.exports == exports)
            #expect(stage.lab.status().machines.first { $0.name == machine }?.pid == process)
            #expect(try await stage.server()["state"].string == "running")
            #expect(try await stage.server()["epoch"].int == 1)
        }

        /// The machine freezes; its BMC hangs, so that the engine dies while it fences. Returns the `resource.failed`.
        private static func dieInFence(_ stage: Stage, of machine: String) async throws -> Event {
            let before = try await stage.lastEvent
            try stage.lab.kill(machine, .freeze)
            let controller = try stage.engine.controller(of: machine)
            try await stage.event("resource.suspect", of: machine, after: before)
            kill(controller, SIGSTOP)
            let failed = try await stage.event("resource.failed", of: machine, after: before)
            _ = try await eventually("the fence is intended") {
                try await stage.liveSteps(of: failed).contains { $0.name == "resource.fence" && $0.outcome == nil } ? true : nil
            }
            try await stage.engine.end()
            kill(controller, SIGCONT)
            #expect(stage.power(of: machine) == .on, "nobody has switched it off yet")
            try await stage.engine.start()
            return failed
        }

        private static func expectOneFailover(_ stage: Stage, _ failed: Event) async throws {
            let events = try await stage.events()
            #expect(events.count("engine.started") == 5)
            #expect(events.count("resource.failed") == 1)
            #expect(events.count("resource.fenced") == 1)
            #expect(events.count("run.failed") == 0)
            #expect(events.epochs(of: "claim.made") == [1, 2])
            #expect(events.epochs(of: "claim.ended") == [1])
            #expect(events.epochs(of: "export.cut") == [1])
            #expect(events.epochs(of: "server.running") == [1, 2])
            let (run, steps) = try await stage.story(of: failed)
            #expect(run.status == .done)
            #expect(steps.compactMap(\.sequence) == Array(1...Int64(steps.count)))
            for name in ["resource.servers", "resource.fence", "server.claim", "resource.power_on", "server.wait_ready"] {
                #expect(steps.filter { $0.name == name }.count == 1, "\(name) is recorded once")
            }
        }
    }
}
