import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct RevokedTests {
        private static func impatient(_ fleet: String) -> String {
            fleet.replacingOccurrences(of: "failed_after = \"10s\"", with: "failed_after = \"10s\", fence_timeout = \"3s\"")
        }

        /// The BMC is silent and the host hangs: the export of its image is cut, the evidence says `revoked`, and shop answers from the
        /// other machine, with nobody asked. The host that goes on afterwards resets itself and idles.
        @Test func exportOfAHostWithASilentControllerIsCut() async throws {
            try await Stage.play(machines: 2, fleet: Self.impatient) { stage in
                let first = try await stage.startShop()
                let standby = first == "node1" ? "node2" : "node1"
                try stage.place("one teapot")

                let before = try await stage.lastEvent
                let controller = try stage.engine.controller(of: first)
                kill(controller, SIGSTOP)
                try stage.lab.kill(first, .freeze)

                let fenced = try await stage.event("resource.fenced", of: first, after: before)
                #expect(fenced.data["evidence"] == "revoked", "\(fenced.data)")
                let running = try await stage.event("server.running", of: standby, after: fenced.id)
                #expect(running.data["epoch"] == 2)
                #expect(stage.power(of: first) == .on, "it was frozen, not off")
                try await stage.expectOrders("one teapot")
                try stage.place("two cups")
                let events = try await stage.events(after: before)
                #expect(events.first { $0.name == "fence.rung_failed" }?.data["rung"] == "bmc")
                #expect(events.epochs(of: "export.cut") == [1] && events.count("export.died") + events.count("fence.failed") == 0)
                #expect(events.count("server.blocked") == 0 && stage.engine.exports.count == 1)

                kill(controller, SIGCONT)
                try stage.lab.kill(first, .thaw)
                _ = try await eventually("\(first) idles", seconds: 120) {
                    try await stage.resource(first)?["state"].string == "idle" ? true : nil
                }
                try await stage.expectOrders("one teapot", "two cups")
                let after = try await stage.events(after: running.id)
                #expect(after.count("claim.made") + after.count("claim.ended") + after.count("export.died") == 0)
                let server = try await stage.server()
                #expect(server["resource"].string == standby && server["epoch"].int == 2)
            }
        }
    }
}
