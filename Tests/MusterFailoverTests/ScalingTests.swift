import Foundation
import MusterCore
import MusterLab
import Testing

extension InTheLab {
    @Suite struct ScalingTests {
        /// Requests make the shop's machine busy, which its heartbeats tell. A second server of the pool starts, on a machine that was off
        /// and is woken by its BMC; when the requests end it stops, and its machine is seen off again.
        @Test func loadWakesAMachineAndCalmPutsItToSleep() async throws {
            let hooks = try Self.hooks()
            defer { try? FileManager.default.removeItem(atPath: hooks) }
            try await Stage.play(machines: 2, fleet: Self.pooled, hooks: hooks) { stage in
                let wanted = try await stage.event("user.scaled", after: EventID(0))
                #expect(wanted.data["why"] == "at least 1")
                let first = try #require(try await stage.event("server.running", after: wanted.id).resource?.rawValue)
                let second = first == "node1" ? "node2" : "node1"
                #expect(stage.power(of: second) == .off)
                let customers = try Self.customers(of: stage)
                defer { Self.leave(customers, stage) }

                let grown = try await stage.event("user.scaled", after: wanted.id)
                #expect(grown.data["action"] == "up" && grown.data["servers"] == "shop2", "\(grown.data)")
                #expect((try await stage.resource(first)?["load"].double ?? 0) > 0.5)
                Self.leave(customers, stage)
                try await stage.event("resource.power_on", of: second, after: grown.id)
                let running = try await stage.event("server.running", of: second, after: grown.id)
                #expect(running.server == ServerID("shop2"))
                #expect(stage.power(of: second) == .on)
                #expect(try Shop(lab: stage.lab, address: "10.77.0.101").orders() != nil)

                let shrunk = try await stage.event("user.scaled", after: running.id)
                #expect(shrunk.data["action"] == "down" && shrunk.data["servers"] == "shop2", "\(shrunk.data)")
                try await stage.event("claim.ended", after: shrunk.id)
                #expect(stage.power(of: second) == .off)
                #expect(try await stage.resource(second)?["state"].string == "off")
                #expect(try stage.shop.orders() != nil)
                #expect(try await stage.events().count("resource.failed") == 0)
            }
        }

        /// The shipped hooks; scaling looks more often than every half minute.
        private static func hooks() throws -> String {
            let folder = NSTemporaryDirectory() + "/muster-hooks-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in ["failover.lua", "servers.lua", "scaling.lua"] {
                let text = try String(contentsOfFile: "\(LabEngine.sources)/hooks/\(name)", encoding: .utf8)
                try text.replacing("every(\"30s\"", with: "every(\"3s\"").write(
                    toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            return folder
        }

        /// The lab's fleet with a second shop, and a pool of both. The load average of a minute falls slowly: the marks lie close together.
        private static func pooled(_ fleet: String) -> String {
            guard let path = fleet.firstMatch(of: /image "shop" \{ path = "([^"]+)"/)?.1 else { return fleet }
            try? FileManager.default.copyItem(atPath: String(path), toPath: String(path) + "2")
            return fleet.replacing("image = \"shop\",", with: "image = \"shop\", pool = \"web\",") + """
                image "shop2" { path = "\(path)2", format = "raw" }
                server "shop2" {
                  image = "shop2", pool = "web", memory = "128M", address = "10.77.0.101/24",
                  ready = { http = "http://10.77.0.101/", timeout = "120s" },
                }
                policy "scaling" { { pool = "web", min = 1, max = 2, up = 0.5, down = 0.45, cooldown = "10s", spare = 0 } }

                """
        }

        /// They go as soon as they see a file.
        private static func leave(_ customers: Process, _ stage: Stage) {
            _ = FileManager.default.createFile(atPath: stage.lab.folder + "/calm", contents: nil)
            customers.waitUntilExit()
        }

        /// Three customers who ask again and again, for three minutes at most.
        private static func customers(of stage: Stage) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            let customer =
                "while [ ! -e \(stage.lab.folder)/calm ]; do curl -s -o /dev/null --max-time 5 http://\(stage.shop.address)/cgi-bin/orders; done"
            process.arguments = try stage.lab.enter(["timeout", "180", "sh", "-c", "(\(customer)) & (\(customer)) & \(customer); wait"])
            process.standardInput = FileHandle.nullDevice
            try process.run()
            return process
        }
    }
}
