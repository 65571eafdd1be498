import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct ExpiredTests {
        /// The BMC is silent, and the engine no longer hears a machine that is well otherwise: it has its disk and its address, and takes orders.
        /// Nothing but its watchdog ends it; the evidence says `expired`, and shop answers from the other machine with what the first one took.
        @Test func machineThatIsNotAcknowledgedIsResetByItsWatchdog() async throws {
            try await Stage.play(machines: 2, fleet: Self.leased, watchdogs: true) { stage in
                let first = try await stage.startShop()
                let standby = first == "node1" ? "node2" : "node1"
                try await Self.expectLease(stage, first)
                try stage.place("one teapot")

                let before = try await stage.lastEvent
                let controller = try stage.engine.controller(of: first)
                kill(controller, SIGSTOP)
                try Self.leaveUnanswered(stage, first, true)
                let failed = try await stage.event("resource.failed", of: first, after: before)
                try stage.place("two cups")
                #expect(Self.boots(stage, first) == 1)

                let fenced = try await stage.event("resource.fenced", of: first, after: failed.id)
                #expect(fenced.data["evidence"] == "expired", "\(fenced.data)")
                // Its hardware acted, not its system: that had its disk, and was told nothing.
                #expect(Self.boots(stage, first) == 2)
                #expect(stage.power(of: first) == .on)
                let console = Self.console(stage, first)
                #expect(
                    !["the root is lost", "told to restart", "too late", "Kernel panic"].contains(where: console.contains), "\(console)")

                // It may be heard again while its server starts elsewhere: it is another machine now, and idles.
                kill(controller, SIGCONT)
                try Self.leaveUnanswered(stage, first, false)
                let running = try await stage.event("server.running", of: standby, after: fenced.id)
                #expect(running.data["epoch"] == 2)
                try await stage.expectOrders("one teapot", "two cups")
                try stage.place("three spoons")
                let events = try await stage.events(after: before)
                #expect(events.first { $0.name == "fence.rung_failed" }?.data["rung"] == "bmc")
                #expect(events.count("fence.failed") + events.count("server.blocked") + events.count("export.died") == 0)

                _ = try await eventually("\(first) idles") {
                    try await stage.resource(first)?["state"].string == "idle" ? true : nil
                }
                try await stage.expectOrders("one teapot", "two cups", "three spoons")
                let after = try await stage.events(after: running.id)
                #expect(after.count("claim.made") + after.count("claim.ended") + after.count("export.died") == 0)
                let server = try await stage.server()
                #expect(server["resource"].string == standby && server["epoch"].int == 2)
            }
        }

        private static func leased(_ fleet: String) -> String {
            fleet.replacing("failed_after = \"10s\"", with: "failed_after = \"6s\", fence_timeout = \"2s\"")
                .replacing("bmc = {", with: "fence = { \"bmc\", \"lease\" }, watchdog = { timeout = \"12s\" }, bmc = {")
        }

        /// The machine says what it read back from its device, and the engine has noted it.
        private static func expectLease(_ stage: Stage, _ machine: String) async throws {
            #expect(console(stage, machine).contains("the watchdog i6300esb:12 is armed"))
            let checked = try await stage.muster("fence", machine, "--check")
            #expect(checked.contains("lease"), "\(checked)")
        }

        /// The boot service's answers to a machine go nowhere, or again to the machine: all that they carry is heartbeats and boots.
        private static func leaveUnanswered(_ stage: Stage, _ name: String, _ isLeft: Bool) throws {
            let machine = try #require(try stage.lab.machines().first { $0.name == name })
            let words = [
                "ip", "rule", isLeft ? "add" : "del", "to", machine.address.description, "ipproto", "tcp", "sport", "8080", "blackhole",
            ]
            let result = try stage.lab.run(words)
            #expect(result.status == 0, "\(result.errors)")
        }

        private static func console(_ stage: Stage, _ name: String) -> String {
            let path = stage.lab.status().machines.first { $0.name == name }?.console ?? ""
            return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }

        /// How often its firmware began since it was switched on.
        private static func boots(_ stage: Stage, _ name: String) -> Int {
            console(stage, name).components(separatedBy: "SeaBIOS (").count - 1
        }
    }
}
