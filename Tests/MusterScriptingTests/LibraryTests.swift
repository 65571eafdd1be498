import Foundation
import MusterCore
import MusterEngine
import Testing

/// The standard library: its examples work as they are written.
@Suite struct LibraryTests {
    static let modules = [
        "carried", "maintenance", "move", "notify", "placement", "recover", "retry", "scaling", "schedule", "standby", "stop",
    ]

    /// The indented lines of a file's opening comment.
    private static func example(_ module: String) throws -> String {
        let text = try String(contentsOfFile: Scene.root + "/stdlib/muster/\(module).lua", encoding: .utf8)
        let comment = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("--") }
        return comment.filter { $0.hasPrefix("--     ") }.map { $0.dropFirst(7) }.joined(separator: "\n")
    }

    @Test func everyModuleHasAnExample() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Scene.root + "/stdlib/muster").filter { $0.hasSuffix(".lua") }
        #expect(names.sorted() == Self.modules.map { $0 + ".lua" })
        for module in Self.modules { #expect(try Self.example(module).contains("require \"muster.\(module)\""), "\(module)") }
    }

    @Test(arguments: modules.filter { $0 != "schedule" })
    func theExampleOfAModuleRuns(_ module: String) async throws {
        let recorder = OutsideRecorder(codes: [0])
        let scene = try await Scene(http: recorder, programs: recorder)
        try await scene.apply(
            Scene.fleetFile.replacing("server \"shop\" {", with: "server \"shop\" { pool = \"web\",").replacing(
                "settings {",
                with: """
                    settings {
                      allow_http = { "https://hooks.example.org/" }, allow_secrets = { "webhook/token" }, allow_exec = { "/usr/sbin/sendmail" },
                    """))
        try await scene.startShop()
        let given = "local server = servers.get \"shop\"\n"
        let id = try await scene.scripting.runScript(source: given + (try Self.example(module)), file: "example.lua", operatorName: "maria")
        try await scene.run(600_000) { $0.world.runs[id] == nil }
        let run = try #require(try await scene.store.run(id))
        #expect(run.status == .done, "\(run.error.map { "\($0)" } ?? "")")
        #expect(try await scene.store.steps(of: id).isEmpty == false)
        #expect(scene.fleet.violations.isEmpty)
        guard module == "notify" else { return }
        #expect(recorder.requests.withLock { $0.map(\.request.body) } == [#"{"text":"shop is running"}"#])
        #expect(
            recorder.programs.withLock { $0.map(\.arguments) } == [
                ["-i", "-f", "muster@example.org", "night@example.org", "maria@example.org"]
            ])
    }

    @Test func aScheduleKeepsItsTimesOfDay() async throws {
        let folder = try HookDirectory(["night.lua": try Self.example("schedule")])
        let scene = try await Scene(hooks: folder.path)
        let start = scene.time.now().wall.milliseconds
        // Looked at every ten minutes, for nine days.
        for _ in 0..<(9 * 144) {
            scene.time.advance(milliseconds: 600_000)
            try await scene.loop.turn { engine, now in engine.tick(now: now) }
            // A night whose run still goes when the next one comes is left out.
            while try await !scene.engine().world.runs.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        let ticks = try await scene.store.runs(limit: 1_000).reversed().compactMap { $0.argument["at"].int }
        let logs = try await scene.logs()
        let nights = ticks.filter { ($0 / 60_000) % 1440 < 160 && ($0 / 60_000) % 1440 >= 150 }
        #expect(nights.count == 9)
        #expect(ticks.count == 18)
        #expect(logs.filter { $0 == "every night" }.count == 9)
        let weekend = (0..<9).filter { day in
            let morning = ((start / 86_400_000) + Int64(day)) * 86_400_000 + 8 * 3_600_000
            let at = morning > start ? morning : morning + 9 * 86_400_000
            return [2, 3].contains((at / 86_400_000) % 7)
        }
        #expect(logs.filter { $0 == "at the weekend" }.count == weekend.count)
    }

    @Test func retryPassesTheLastErrorOn() async throws {
        let scene = try await Scene(hooks: nil)
        let id = try await scene.scripting.runScript(
            source: """
                local retry = require "muster.retry"
                local tries = 0
                log(retry({ times = 4, pause = 1 }, function(try) tries = try if try < 3 then error("no") end return "third", try end))
                local ok, problem = pcall(retry, { times = 9, when = function(p) return p.code ~= "final" end }, function(try)
                  tries = try error({ code = try == 2 and "final" or "again", message = "m" }) end)
                log(ok, problem.code, tries)
                """, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs[id] == nil }
        #expect(try await scene.logs() == ["third\t3", "false\tfinal\t2"])
    }

    @Test func datesAreTheSameEverywhere() async throws {
        let scene = try await Scene(hooks: nil)
        let id = try await scene.scripting.runScript(
            source: """
                log(os.date("%Y-%m-%d %H:%M", 86400 * 365), os.time { year = 1971, month = 1, day = 1, hour = 0 }, os.date("*t", 0).wday)
                log(os.time() == now(), pcall(os.date, 7), select(2, pcall(os.date, "%H", 0/0)).code)
                """, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs[id] == nil }
        let logs = try await scene.logs()
        #expect(logs.first == "1971-01-01 00:00\t31536000\t5")
        #expect(logs.last?.hasSuffix("bad_argument") == true, "\(logs)")
    }

    @Test func aDrainThatFindsNoOtherMachineLeavesEverythingAsItWas() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        for name in ["node2", "node3"] {
            try await scene.loop.turn { engine, now in try engine.setMode(.maintenance, of: ResourceID(name), now: now) }
        }
        let id = try await scene.scripting.runScript(
            source: "require('muster.maintenance').drain(resources.get('node1'))", file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs[id] == nil }
        #expect(try await scene.store.run(id)?.error?.code.rawValue == "no_capacity")
        let engine = try await scene.engine()
        #expect(engine.state(of: ServerID("shop")) == .running)
        #expect(engine.world.resources[ResourceID("node1")]?.mode == .active)
    }
}
