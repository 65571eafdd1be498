import Foundation
import MusterCore
import MusterEngine
import Testing

/// `decide` in hook files.
@Suite struct DecideHookTests {
    private static let mac = MACAddress("52:54:00:77:00:99")!  // a literal that parses

    private func scene(_ files: [String: String], report: @escaping @Sendable (MusterError) -> Void = { Issue.record("\($0)") })
        async throws -> (Scene, HookDirectory)
    {
        let folder = try HookDirectory(files)
        let scene = try await Scene(hooks: folder.path, report: report)
        try await scene.apply()
        return (scene, folder)
    }

    private func plan(_ scene: Scene, _ mac: MACAddress = mac) async throws -> BootPlan {
        try await scene.loop.plan(for: BootRequest(mac: mac, arch: "x86_64"))
    }

    private func failure(_ scene: Scene) async throws -> Event? { try await scene.events().first { $0.name == "decide.failed" } }

    @Test func aHookAnswers() async throws {
        let (scene, folder) = try await scene([
            "a.lua": """
            decide("boot", function(request)
              if request.resource == nil and request.arch == "x86_64" and request.mac and #request.servers == 1 then return boot["local"]() end
              return boot.discover()
            end)
            """
        ])
        #expect(try await plan(scene) == .local)
        guard case .discover = try await plan(scene, try #require(MACAddress("52:54:00:77:00:01"))) else {
            Issue.record("node1 is not discovered")
            return
        }
        #expect(try await failure(scene) == nil)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        ("error('boom')", "boom"), ("while true do end", "budget"), ("_ENV['sle' .. 'ep'](1)", "sleep is a step"),
        ("pcall(sleep, 1) while true do pcall(sleep, 1) end", "sleep is a step"),
        ("resources['li' .. 'st']()", "resources.list is a step"), ("return { plan = 'image', server = 'shop' }", "no answer"),
        ("return 0/0", "no number"),
        ("_ENV['un' .. 'declared'] = 1", "undeclared"), ("return ('x'):rep(1e9)", "too large"),
    ]) func whatFailsIsReportedAndTheEngineAnswers(_ body: String, _ word: String) async throws {
        let (scene, folder) = try await scene(["a.lua": "decide('boot', function(request)\n\(body) end)"])
        guard case .discover = try await plan(scene) else {
            Issue.record("it is not discovered")
            return
        }
        let failure = try #require(try await failure(scene))
        #expect("\(failure.data)".contains(word), "\(failure.data)")
        #expect(failure.data["place"]?.string?.hasPrefix("a.lua") == true || word == "no answer", "\(failure.data)")
        withExtendedLifetime(folder) {}
    }

    @Test func oneHangingFileLeavesTheOthersAnswers() async throws {
        let stuck = Reports()
        let (scene, folder) = try await scene(
            [
                "a.lua": "decide('boot', function() return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b') end)",
                "b.lua": "decide('boot', function() return boot['local']() end)",
            ], report: stuck.add)
        #expect(try await plan(scene) == .local)
        #expect(try await failure(scene)?.data["hook"] == "a#1")
        #expect(try await failure(scene)?.data["code"] == "timeout")
        // While it hangs it is not waited for again, and once it was torn out it is asked anew.
        for number in 0..<20 {
            #expect(try await plan(scene, try #require(MACAddress(octets: [2, 0, 0, 0, 1, UInt8(number)]))) == .local)
        }
        try await eventually("a.lua is reported as stuck") { stuck.all.contains { $0.code == "stuck" && $0.message.contains("a.lua") } }
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        ("decide('bot', function() end)", "did you mean \"boot\"?"), ("decide('weather', function() end)", "boot, place"),
        ("decide('boot')", "function(request)"),
        ("decide(1, function() end)", "not one of"), ("decide('boot', { key = 'resource' }, function() end)", "there is no option \"key\""),
        ("decide('boot', { nam = 'x' }, function() end)", "did you mean \"name\"?"),
    ]) func wrongRegistrationsAreNamed(_ text: String, _ word: String) async throws {
        let (scene, folder) = try await scene(["a.lua": "\n" + text], report: { _ in })
        let error = try #require(await scene.scripting.hookFiles().array?.first)["error"].decode(MusterError.self)
        #expect("\(error)".contains(word), "\(error)")
        #expect(error.place == "a.lua:2")
        withExtendedLifetime(folder) {}
    }

    private static let placing = """
        local placement = require "muster.placement"
        on("user.place", function()
          local found, refused = placement.candidates(servers.get("shop"))
          local names = {}
          for i, resource in ipairs(found) do names[i] = resource.name end
          log(table.concat(names, " "), refused.node2)
        end)
        """

    @Test(arguments: [
        ("", "node1 node2 node3\tnil"),
        ("decide('place', function(request) if request.resource.name == 'node2' then return false, 'hot' end end)", "node1 node3\thot"),
        ("decide('place', function(request) return tonumber(request.resource.name:sub(5)) end)", "node3 node2 node1\tnil"),
        (
            "decide('place', function(request) return request.resource.name == 'node2' and 1 or nil end) decide('place', function(r) return r.resource.name == 'node3' and 2 or 0 end)",
            "node3 node2 node1\tnil"
        ),
        ("decide('place', function(request) return 'best' end)", "node1 node2 node3\tnil"),
        ("decide('place', function() return 0/0 end)", "node1 node2 node3\tnil"),
        ("decide('place', function() while true do end end)", "node1 node2 node3\tnil"),
    ]) func hooksHaveTheirSayInPlacement(_ hook: String, _ order: String) async throws {
        let (scene, folder) = try await scene(["a.lua": Self.placing, "b.lua": hook])
        try await scene.note("user.place")
        try await scene.run { $0.world.runs.isEmpty }
        let logs = try await scene.logs()
        #expect(logs == [order], "\(logs)")
        withExtendedLifetime(folder) {}
    }

    @Test func aVetoIsTheReasonInTheError() async throws {
        let (scene, folder) = try await scene([
            "a.lua": try String(contentsOfFile: Scene.root + "/hooks/servers.lua", encoding: .utf8),
            "b.lua": "decide('place', function(request) return false, 'is in the wrong room' end)",
        ])
        try await scene.loop.turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        try await scene.run { $0.world.runs.isEmpty }
        let error = try #require(try await scene.store.runs(limit: 1).first?.error)
        #expect(error.code == "no_capacity" && error.message.contains("node1 was refused: is in the wrong room"), "\(error)")
        withExtendedLifetime(folder) {}
    }
}

/// What was reported.
final class Reports: @unchecked Sendable {
    private let lock = NSLock()
    private var errors: [MusterError] = []
    var all: [MusterError] { lock.withLock { errors } }
    @Sendable func add(_ error: MusterError) { lock.withLock { errors.append(error) } }
}

/// Polls until the condition holds.
func eventually(_ what: String, seconds: Double = 60, _ condition: () async throws -> Bool) async throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try await !condition() {
        guard Date() < deadline else {
            Issue.record("never happened within \(seconds) s: \(what)")
            return
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
