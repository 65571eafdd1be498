import MusterCore
import Testing

/// Whole stories with real parts: machines that boot over the network, BMCs, exports, and the engine's own process.
/// One lab at a time.
@Suite(.serialized) enum InTheLab {}

extension InTheLab {
    @Suite struct FailoverTests {
        /// A machine freezes; its server comes back on the standby. Then a machine that nobody declared asks for its boot.
        @Test func frozenMachinesServerComesBackOnTheStandby() async throws {
            try await Stage.play(machines: 3, fleet: Self.withoutLastHost) { stage in
                let first = try await stage.startShop()
                try stage.place("one teapot", "two cups")
                let standby = first == "node1" ? "node2" : "node1"
                #expect(stage.power(of: standby) == .off)

                let before = try await stage.lastEvent
                try stage.lab.kill(first, .freeze)
                try await stage.event("server.running", of: standby, after: before)
                try await stage.expectOrders("one teapot", "two cups")
                try stage.place("three spoons")
                #expect(stage.power(of: first) == .off)
                #expect(try await stage.resource(first)?["state"].string == "fenced")
                #expect(try await stage.resource(standby)?["state"].string == "active")
                try await Self.expectOneFailover(stage, first, standby)

                try await Self.discovers(stage, "node3")
                try await stage.expectOrders("one teapot", "two cups", "three spoons")
            }
        }

        /// The fleet without its last machine.
        private static func withoutLastHost(_ fleet: String) -> String {
            guard let start = fleet.range(of: "host \"node3\""), let end = fleet.range(of: "image \"shop\"") else { return fleet }
            return String(fleet[..<start.lowerBound] + fleet[end.lowerBound...])
        }

        private static func expectOneFailover(_ stage: Stage, _ first: String, _ standby: String) async throws {
            let events = try await stage.events()
            let failed = events.filter { $0.name == "resource.failed" }
            #expect(failed.map(\.resource?.rawValue) == [first])
            #expect(events.epochs(of: "claim.made") == [1, 2])
            #expect(events.epochs(of: "claim.ended") == [1])
            #expect(events.epochs(of: "export.cut") == [1])
            #expect(events.epochs(of: "server.running") == [1, 2])
            #expect(stage.engine.exports.count == 1)

            let (run, steps) = try await stage.story(of: try #require(failed.first))
            #expect(run.status == .done)
            #expect(run.hook == HookID("failover#1"))
            #expect(steps.allSatisfy { $0.outcome != nil && $0.done != nil })
            let orders = ["resource.servers", "resource.fence", "server.claim", "resource.power_on", "server.wait_ready"]
            #expect(steps.map(\.name).filter(orders.contains) == orders)
            guard case .value(let evidence) = steps.first(where: { $0.name == "resource.fence" })?.outcome else {
                Issue.record("the fence has no evidence")
                return
            }
            #expect(evidence["kind"].string == "off")
            #expect(evidence["epoch"].int == 1)
        }

        private static func discovers(_ stage: Stage, _ name: String) async throws {
            let machine = try #require(try stage.lab.machines().first { $0.name == name })
            let name = "machine-\(machine.mac.compact)"
            #expect(try await stage.resource(name) == nil)
            let before = try await stage.lastEvent
            let switchedOn = try stage.lab.run([
                "ipmitool", "-I", "lanplus", "-C", "3", "-H", machine.bmcAddress.description, "-U", "admin",
                "-f", stage.lab.passwordFile, "power", "on",
            ])
            #expect(switchedOn.status == 0, "\(switchedOn.errors)")
            try await stage.event("resource.discovered", of: name, after: before)
            let found = try #require(try await stage.resource(name))
            #expect(found["declared"].bool == false)
            #expect(found["state"].string == "idle")
            #expect(found["memory_mib"].int == Int64(machine.memoryMiB))
            #expect(found["cpus"].int == Int64(machine.cpus))
            #expect(found["macs"] == [.string(machine.mac.description)])
            #expect(found["uuid"].string == machine.uuid)
        }
    }
}
