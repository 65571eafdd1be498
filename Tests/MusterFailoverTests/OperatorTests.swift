import Foundation
import MusterCore
import Testing

extension InTheLab {
    @Suite struct OperatorTests {
        /// What people do to a fleet: no hooks, a broken hook, failovers disarmed and armed, a server stopped and started.
        @Test func everyAbsenceHasAReasonAndARemedy() async throws {
            let hooks = NSTemporaryDirectory() + "/muster-hooks-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: hooks, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: hooks) }
            try await Stage.play(machines: 3, hooks: hooks) { stage in
                try await Self.nothingPlaces(stage)
                try await Self.oneHookIsBroken(stage, hooks)
                let first = try await stage.startShop()
                try stage.place("one teapot")
                let second = try await Self.heldUntilArmed(stage, first)
                try stage.place("two cups")
                try await Self.stops(stage, second)
                try await Self.startsElsewhere(stage, first, second)
            }
        }

        /// Without a hook nothing brings the server up, and it says so.
        private static func nothingPlaces(_ stage: Stage) async throws {
            let before = try await stage.lastEvent
            _ = try await stage.client.request("server.start", ["name": "shop"])
            let blocked = try await stage.event("server.blocked", after: before)
            #expect(blocked.data["reason"] == "nothing places it")
            #expect(blocked.data["remedy"]?.string?.contains("load hooks/servers.lua") == true)
            #expect(try await stage.server()["blocked"]["remedy"] == blocked.data["remedy"])
        }

        /// Hooks come while the engine runs; one has a syntax error in its third line, and the others are loaded.
        private static func oneHookIsBroken(_ stage: Stage, _ hooks: String) async throws {
            let before = try await stage.lastEvent
            let broken = "on(\"resource.failed\", function(event)\n  event.resource:fence()\nend end)\n"
            try broken.write(toFile: hooks + "/a-broken.lua", atomically: true, encoding: .utf8)
            for name in ["failover.lua", "servers.lua"] {
                try FileManager.default.copyItem(atPath: "\(LabEngine.sources)/hooks/\(name)", toPath: "\(hooks)/\(name)")
            }
            let event = try await stage.event("hook.broken", after: before)
            #expect(event.data["place"] == "a-broken.lua:3", "\(event.data)")
            let files = try await eventually("three hook files are known") {
                let files = try await stage.client.request("hooks").array ?? []
                return files.count == 3 ? files : nil
            }
            #expect(files.map { $0["file"].string } == ["a-broken.lua", "failover.lua", "servers.lua"])
            #expect(files[0]["error"]["place"] == "a-broken.lua:3")
            #expect(files[1]["hooks"].array?.count == 2 && files[1]["error"].isNull)
            #expect(files[2]["hooks"].array?.count == 3 && files[2]["error"].isNull)
        }

        /// Disarmed, nothing is done to the frozen machine; armed, its server comes back. Returns its new machine.
        private static func heldUntilArmed(_ stage: Stage, _ first: String) async throws -> String {
            _ = try await stage.client.request("disarm")
            let before = try await stage.lastEvent
            try stage.lab.kill(first, .freeze)
            let held = try await stage.event("resource.held", of: first, after: before)
            #expect(held.data["reason"] == "disarmed")
            let blocked = try await stage.event("server.blocked", after: before)
            #expect(blocked.data["remedy"] == "muster arm")
            #expect(try await stage.events(after: before).count("resource.failed") == 0)
            #expect(stage.power(of: first) == .on)

            _ = try await stage.client.request("arm")
            let running = try await stage.event("server.running", after: blocked.id)
            try await stage.expectOrders("one teapot")
            #expect(stage.power(of: first) == .off)
            #expect(running.resource?.rawValue != first)
            let events = try await stage.events(after: before)
            #expect(events.count("resource.failed") == 1)
            #expect(events.count("server.unblocked") == 1)
            return try #require(running.resource?.rawValue)
        }

        /// The machine shuts down by itself, is seen off, and the claim is over.
        private static func stops(_ stage: Stage, _ machine: String) async throws {
            let before = try await stage.lastEvent
            _ = try await stage.client.request("server.stop", ["name": "shop"])
            let ended = try await stage.event("claim.ended", of: machine, after: before)
            #expect(ended.data["evidence"] == "off")
            _ = try await stage.event("export.cut", of: machine, after: before)
            #expect(try await stage.server()["state"].string == "stopped")
            #expect(stage.power(of: machine) == .off)
            #expect(stage.engine.exports.isEmpty)
            #expect(try stage.shop.orders() == nil)
            let story = try await stage.story(of: try await stage.event("server.unwanted", after: before))
            #expect(story.run.status == .done)
            #expect(story.steps.contains { $0.name == "resource.shut_down" })
            // The BMC writes down when it takes the power away.
            let switched = try String(contentsOfFile: "\(stage.lab.folder)/machines/\(machine)/power.log", encoding: .utf8)
            #expect(switched.split(separator: "\n") == ["--- power on"], "it did not shut down by itself")
        }

        /// The third machine, which never ran it, finds the data; the end of the engine leaves it alone.
        private static func startsElsewhere(_ stage: Stage, _ first: String, _ second: String) async throws {
            _ = try await stage.client.request("maintenance", ["name": .string(second), "on": true])
            let third = try await stage.startShop()
            #expect(third != first && third != second)
            try await stage.expectOrders("one teapot", "two cups")
            try await stage.engine.end(SIGTERM)
            try stage.place("three spoons")
            try await stage.expectOrders("one teapot", "two cups", "three spoons")
        }
    }
}
