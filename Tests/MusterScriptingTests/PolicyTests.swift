import Foundation
import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// Hook files and scripts: broken, changed, cancelled, and across a restart.
@Suite struct PolicyTests {
    private func restarted(_ scene: Scene, hooks: String?) async throws -> Scene {
        try await Scene(store: scene.store, fleet: scene.fleet, time: scene.time, hooks: hooks)
    }

    @Test(arguments: [
        ("every(1/0, function() end)", "interval"), ("every(0/0, function() end)", "interval"),
        ("every('10ms', function() end)", "interval"),
        ("on('user.x', {'resource'}, function() end)", "options"), ("on('user.x', { kye = 'resource' }, function() end)", "kye"),
        ("on('x'", "expected"), ("on('resource.faild', function() end)", "no event"),
        ("error('boom')", "boom"), ("sleep(1)", "top level"), ("require 'nothing.here'", "nothing.here"),
        ("on(1, function() end)", "event's name"),
    ]) func aBrokenHookIsNamedAndTheOthersGoOn(_ text: String, _ word: String) async throws {
        let folder = try HookDirectory(["good.lua": "on('user.x', function() log('good') end)"])
        try folder.write("bad.lua", "\n" + text)
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["good"])
        let broken = try #require(try await scene.events().first { $0.name == "hook.broken" })
        #expect(broken.data["file"] == "bad.lua")
        #expect(broken.data["message"]?.string?.contains(word) == true, "\(broken.data)")
        #expect(broken.data["place"]?.string?.contains("bad.lua:2") == true, "\(broken.data)")
        try await scene.scripting.hooks.refresh()
        #expect(try await scene.events().filter { $0.name == "hook.broken" }.count == 1)
    }

    @Test func aBrokenNewVersionLeavesTheOldOneServing() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', function() log('old') end)"])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try folder.write("a.lua", "on('user.x', function() log('broken' end)")
        try await scene.scripting.hooks.refresh()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        try folder.write("a.lua", "on('user.x', function() log('new') end)")
        try await scene.scripting.hooks.refresh()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["old", "new"])
    }

    @Test func aFileThatReturnsToWhatItWasIsNotBrokenAnyMore() async throws {
        let text = "on('user.x', function() log('good') end)"
        let folder = try HookDirectory(["a.lua": text])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try folder.write("a.lua", "require 'absent'\n" + text)
        try await scene.scripting.hooks.refresh()
        let broken = await scene.scripting.hookFiles()
        #expect(broken.array?.first?["error"].isNull == false)
        try folder.write("a.lua", text)
        try await scene.scripting.hooks.refresh()
        let good = await scene.scripting.hookFiles()
        #expect(good.array?.first?["error"].isNull == true)
    }

    @Test func twoFilesMayNotGiveOneName() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', { name = 'tell' }, function() log('a') end)"])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try folder.write("b.lua", "on('user.x', { name = 'tell' }, function() log('b') end)")
        try await scene.scripting.hooks.refresh()
        #expect(try await scene.events().contains { $0.name == "hook.broken" && $0.data["message"]?.string?.contains("a.lua") == true })
        // A renamed file keeps the name.
        try folder.remove("a.lua")
        try await scene.scripting.hooks.refresh()
        try await scene.scripting.hooks.refresh()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["b"])
    }

    @Test func whatHappenedWhileTheFileWasAwayIsCaughtUp() async throws {
        let text = "on('user.x', function(event) log(event.data.n) end)"
        let folder = try HookDirectory(["a.lua": text])
        let scene = try await Scene(hooks: folder.path)
        try folder.remove("a.lua")
        try await scene.scripting.hooks.refresh()
        for number in 1...3 { try await scene.note("user.x", ["n": .int(Int64(number))]) }
        try folder.write("a.lua", text)
        try await scene.scripting.hooks.refresh()
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["1", "2", "3"])
    }

    @Test func sleepsAndWaitsGoOnAfterARestart() async throws {
        let folder = try HookDirectory([
            "a.lua":
                "on('user.go', function() log('one') sleep('20s') log('two') local e = wait_for('user.next', { timeout = '1h' }) log(e.data.n) end)"
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.go")
        try await scene.run(for: 1_000)
        let second = try await restarted(scene, hooks: folder.path)
        second.time.advance(milliseconds: 30_000)
        try await second.run(for: 1_000)
        #expect(try await second.logs() == ["one", "two"])
        let third = try await restarted(second, hooks: folder.path)
        try await third.note("user.next", ["n": 7])
        try await third.run { $0.world.runs.isEmpty }
        #expect(try await third.logs() == ["one", "two", "7"])
    }

    /// Lua shows 14 digits of a number and the journal keeps all of them: a replay goes on with the same number.
    @Test func numbersComeBackFromTheJournalToTheLastBit() async throws {
        let folder = try HookDirectory([
            "a.lua": """
            on('user.go', function(event)
              local function show(n) return n == 0.1 + 0.2, tostring(n), ("%.17g"):format(n) end
              log(show(event.data.n))
              sleep('20s')
              log(show(event.data.n))
            end)
            """
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.go", ["n": .double(0.1 + 0.2)])
        try await scene.run(for: 1_000)
        let second = try await restarted(scene, hooks: folder.path)
        second.time.advance(milliseconds: 30_000)
        try await second.run { $0.world.runs.isEmpty }
        #expect(try await second.logs() == Array(repeating: "true\t0.3\t0.30000000000000004", count: 2))
    }

    @Test func aCancelRunsTheUndoAndIsRememberedAcrossARestart() async throws {
        let scene = try await Scene(hooks: nil)
        let script = """
            local undo <close> = setmetatable({}, { __close = function(_, e) log("undo " .. e.code) sleep(5) log("undone") end })
            log("begun")
            while true do pcall(sleep, "1h") end
            """
        let id = try await scene.scripting.runScript(source: script, file: "s.lua", operatorName: "maria")
        try await scene.run(for: 500)
        try await scene.loop.turn { engine, now in try engine.cancelRun(id, now: now) }
        try await scene.run(for: 500)
        #expect(try await scene.logs() == ["begun", "undo cancelled"])
        // Killed in the middle of its undo.
        let second = try await restarted(scene, hooks: nil)
        second.time.advance(milliseconds: 10_000)
        try await second.run { $0.world.runs.isEmpty }
        #expect(try await second.logs() == ["begun", "undo cancelled", "undone"])
        #expect(try await second.store.run(id)?.status == .cancelled)
    }

    @Test func aLoopThatCatchesEverythingEndsAtTheStepLimit() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply("settings { step_limit = 20 }")
        let id = try await scene.scripting.runScript(source: "while true do pcall(log, 'x') end", file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.store.run(id)?.error?.code == .stepLimit)
        #expect(try await scene.store.steps(of: id).count <= 21)
    }

    @Test func aLoopThatCatchesEverythingEndsAtTheJournalLimit() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply("settings { journal_limit = \"1M\" }")
        let id = try await scene.scripting.runScript(
            source: """
                local undo <close> = setmetatable({}, { __close = function(_, e) log("undone", e.code) end })
                while true do pcall(log, ("x"):rep(100000)) end
                """, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.store.run(id)?.error?.code == .journalLimit)
        #expect(try await scene.logs().last == "undone\tjournal_limit")
        let bytes = try await scene.store.steps(of: id).reduce(0) { $0 + $1.bytes }
        #expect(bytes > 1_000_000 && bytes < 1_300_000)
    }

    @Test func aRunWhoseJournalSaysOtherwiseShowsBothSides() async throws {
        let scene = try await Scene(hooks: nil)
        let id = try await scene.scripting.runScript(source: "log('one') sleep('10s')", file: "s.lua", operatorName: "maria")
        try await scene.run(for: 500)
        var step = try #require(try await scene.store.steps(of: id).first)
        step.arguments = ["other"]
        var batch = Batch()
        batch.changes = [.step(step)]
        try await scene.store.commit(batch)
        let second = try await restarted(scene, hooks: nil)
        try await second.run { $0.world.runs.isEmpty }
        let run = try #require(try await second.store.run(id))
        #expect(run.status == .diverged)
        #expect(run.error?.message.contains("log(\"other\")") == true && run.error?.message.contains("log(\"one\")") == true)
    }

    @Test(arguments: [
        ("table.sort({ 2, 1, 3 }, function(a, b) sleep(1) return a < b end)", "cannot_yield"),
        ("string.gsub('aa', 'a', function() sleep(1) end)", "cannot_yield"),
        ("resources.get('node9').name = 1", "script_error"), ("resources.get('node1').fence()", "bad_argument"),
        ("sleep(0/0)", "bad_argument"), ("sleep()", "bad_argument"), ("sleep('soon')", "bad_argument"),
        ("events.emit('mine')", "bad_argument"),
    ]) func aWrongCallIsNamedWithItsLine(_ text: String, _ code: String) async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        let id = try await scene.scripting.runScript(source: "\n" + text, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        let error = try #require(try await scene.store.run(id)?.error)
        #expect(error.code.rawValue == code)
        #expect(error.place?.contains("s.lua:2") == true, "\(error)")
    }

    @Test func tryVariantsReturnTheError() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        scene.fleet.change("bmc1") { $0.bmcSilent = true }
        let output = try await scene.scripting.evaluate(
            session: "s", text: "local ok, problem = resources.get('node1'):try_read_power() return ok, problem.code, problem.hint ~= nil",
            operatorName: "maria")
        #expect(output["output"] == "nil\n\"bmc_silent\"\ntrue")
    }

    @Test func aSessionAnswersAndCompletes() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        let scripting = scene.scripting
        func evaluate(_ text: String) async throws -> Value {
            try await scripting.evaluate(session: "s", text: text, operatorName: "maria")
        }
        #expect(try await evaluate("x = 41")["output"] == "")
        #expect(try await evaluate("x + 1")["output"] == "42")
        #expect(try await evaluate("for i = 1, 2 do")["incomplete"] == true)
        await #expect(throws: MusterError.self) { try await evaluate("nil + 1") }
        await #expect(throws: MusterError.self) { try await evaluate("x = = 1") }
        #expect(try await evaluate("x")["output"] == "41")
        #expect(try await evaluate("resources.list()")["output"].string?.contains("node2") == true)
        #expect(try await evaluate("events.emit('user.hello', { n = 10 / 2 }) print('said')")["output"] == "said")
        #expect(try await scene.events().last { $0.name == "user.hello" }?.data["n"] == 5)
        #expect(try await scripting.complete(session: "s", text: "reso") == ["resources"])
        #expect(try await scripting.complete(session: "s", text: "resources.get(\"node") == ["node1", "node2", "node3"])
        #expect(try await scripting.complete(session: "s", text: "x:try_fe") == ["x:try_fence"])
        await scripting.endSession("s")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await evaluate("x")["output"] == "nil")
    }
}
