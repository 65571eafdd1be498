import MusterCore
import MusterEngine
import Testing

/// A policy that hangs in C code delays only itself, and what it takes with it begins again.
@Suite struct StuckTests {
    private static let catastrophe = "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')"

    @Test func nobodyElseWaitsForAPolicyThatHangs() async throws {
        let folder = try HookDirectory([
            "stuck.lua": """
            on("user.wait", { name = "waiter" }, function(event)
              log("waits " .. event.data.n)
              local n = wait_for("user.go").data.n
              log("goes " .. event.data.n .. n)
            end)
            on("user.hang", { name = "hanger" }, function() pcall(function() \(Self.catastrophe) end) log("never") end)
            on("user.late", { name = "late" }, function(event) log("late " .. event.data.n) end)
            """,
            "other.lua": "on('user.other', function(event) log('other ' .. event.data.n) end)",
        ])
        let stuck = Reports()
        let scene = try await Scene(hooks: folder.path, report: stuck.add)
        try await scene.apply()
        scene.fleet.change("bmc1") {
            $0.isOn = true; $0.bootRemaining = 0
        }
        try await scene.run { $0.world.resources[ResourceID("node1")]?.liveness == .alive }
        try await scene.note("user.wait", ["n": 1])
        try await scene.run { $0.world.openStepCount == 1 }

        try await scene.note("user.hang")
        // Queued behind it in the same isolate: new runs, and an answer for the run that waits.
        for number in 1...3 { try await scene.note("user.late", ["n": .int(Int64(number))]) }
        try await scene.note("user.go", ["n": 7])

        // As long as it hangs, others go on: their runs end, heartbeats are answered.
        var others = 0
        while stuck.all.isEmpty, others < 200 {
            others += 1
            try await scene.note("user.other", ["n": .int(Int64(others))])
            try await scene.fleet.live(milliseconds: 250, scene.loop)
            let mine = "other \(others)"
            try await eventually("run \(mine) ends while another policy hangs") { try await scene.logs().contains(mine) }
        }
        #expect(others >= 20, "only \(others) runs of another policy while one hung")
        try await eventually("the hung policy is reported") { !stuck.all.isEmpty }
        let report = try #require(stuck.all.first)
        #expect(report.code == "stuck" && report.message.contains("stuck.lua") && report.place == "stuck.lua")

        try await scene.run { $0.world.runs.isEmpty }
        let event = try #require(try await scene.events().first { $0.name == "hook.stuck" })
        #expect(event.data["file"] == "stuck.lua")
        // Every other run of the hung policy came to its end in the fresh isolate, each step recorded once.
        let logs = try await scene.logs()
        #expect(logs.filter { !$0.hasPrefix("other") }.sorted() == ["goes 17", "late 1", "late 2", "late 3", "waits 1"])
        let runs = try await scene.store.runs(limit: 1_000)
        let hung = runs.filter { $0.status != .done }
        #expect(hung.map(\.hook) == [HookID("hanger")])
        #expect(hung.first?.error?.code == "stuck" && hung.first?.status == .failed)
        #expect(stuck.all.count == 1)
    }

    @Test func aNewVersionThatHangsWhileItLoadsLeavesTheOldOneServing() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', function() log('old') end)"])
        let broken = Reports()
        let scene = try await Scene(hooks: folder.path, report: broken.add)
        try folder.write("a.lua", "local x = \(Self.catastrophe)\non('user.x', function() log('new') end)")
        let (loading, hooks) = (Finished(), scene.scripting.hooks)
        let load = Task {
            try await hooks.refresh()
            loading.set()
        }
        var runs = 0
        while !loading.isSet, runs < 100 {
            runs += 1
            try await scene.note("user.x")
            let wanted = runs
            try await eventually("the old version serves") { try await scene.logs().count == wanted }
        }
        try await load.value
        #expect(runs >= 10)
        #expect(try await scene.logs().allSatisfy { $0 == "old" })
        #expect(broken.all.map(\.code) == ["stuck"])
        let file = try #require(await scene.scripting.hookFiles().array?.first)
        #expect(!file["error"].isNull)
    }

    @Test(arguments: ["cancelled", "diverged", "step_limit", "journal_limit", "asking", "stuck", "store_failed"])
    func aScriptCannotPassForSomethingElse(_ code: String) async throws {
        for body in [
            "error { code = '\(code)', message = 'm' }",
            "all { function() error { code = '\(code)', message = 'm' } end, function() sleep(1) end }",
        ] {
            let folder = try HookDirectory(["a.lua": "on('user.x', function() \(body) end)"])
            let scene = try await Scene(hooks: folder.path)
            try await scene.note("user.x")
            try await scene.run { $0.world.runs.isEmpty }
            let run = try #require(try await scene.store.runs(limit: 1).first)
            #expect(run.status == .failed, "\(body)")
            #expect(run.error?.message == "m")
            #expect(try await scene.events().contains { $0.name == "run.failed" })
        }
    }

    @Test func whatTheLibraryReturnsIsNotSharedBetweenRuns() async throws {
        let folder = try HookDirectory([
            "a.lua": """
            needs { "power" }
            local function kept() return reserve({ resources.get("node1") }) end
            on("user.spoil", function()
              local held = kept()
              for _, spoilt in ipairs { held, getmetatable(held) or {}, held.__index or {}, secret "x", getmetatable(secret "x") or {}, http, boot } do
                if type(spoilt) == "table" then
                  for _, name in ipairs { "release", "__index", "__close", "get", "place", "discover", "__tostring" } do
                    pcall(function() spoilt[name] = function() log("spoilt") end end)
                    pcall(rawset, spoilt, name, function() log("spoilt") end)
                  end
                end
              end
            end)
            on("user.check", function()
              do local held <close> = kept() end
              local held = kept()
              held["release"](held)
              log(tostring(secret "x"), boot.discover().plan, type(http.get))
            end)
            """
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.apply()
        try await scene.note("user.spoil")
        try await scene.run { $0.world.runs.isEmpty }
        try await scene.note("user.check")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["secret \"x\"\tdiscover\tfunction"])
        #expect(try await scene.store.runs(limit: 1).first?.status == .done)
    }
}

private final class Finished: @unchecked Sendable {
    private let flag = Reports()
    var isSet: Bool { !flag.all.isEmpty }
    func set() { flag.add(MusterError("done", "")) }
}

extension World {
    var openStepCount: Int { steps.values.reduce(0) { $0 + $1.values.filter { $0.outcome == nil }.count } }
}
