import MusterCore
import MusterEngine
import Testing

/// `muster replay`: what changed code would have done.
@Suite struct ReplayTests {
    private static let text = "on('user.x', function(event) local n = event.data.n sleep(1) log('got', n) return n * 2 end)"

    private func replayed(_ changed: String?) async throws -> Value {
        let folder = try HookDirectory(["a.lua": Self.text])
        let scene = try await Scene(hooks: folder.path)
        try await scene.loop.turn { engine, now in _ = try engine.emitUser("user.x", ["n": 4], key: nil, now: now) }
        try await scene.run { $0.world.runs.isEmpty }
        let run = try #require(try await scene.store.run(RunID(1)))
        #expect(run.result == 8)
        let before = scene.store.commits
        let code = try #require(try await scene.store.code(run.code))
        let answer = try await scene.scripting.replay(run, try await scene.store.steps(of: RunID(1)), code: code, source: changed)
        // It does nothing.
        #expect(scene.store.commits == before)
        return answer
    }

    @Test func itsOwnCodeGoesTheSameWay() async throws {
        #expect(try await replayed(nil) == ["run": 1, "steps": 2, "recorded": 2, "same": true])
    }

    @Test(arguments: [
        ("sleep(1)", "sleep(2)", "step 1 was sleep(1) and is now sleep(2)"),
        ("log('got', n)", "log('took', n)", "step 2 was log(\"got\\t4\") and is now log(\"took\\t4\")"),
        ("log('got', n)", "log('got', n) resources.list()", "goes on with resources.list()"),
        ("log('got', n)", "", "step 2 was log(\"got\\t4\"), and the script does not come to it now"),
        ("return n * 2", "return n", "it ends with 4; the recorded run ended with 8"),
        ("return n * 2", "error('no')", "it ends with script_error"),
    ]) func otherCodeIsToldWhereItGoesAnotherWay(_ old: String, _ new: String, _ words: String) async throws {
        let answer = try await replayed(Self.text.replacing(old, with: new))
        #expect(answer["same"] == false)
        #expect(answer["problem"]["message"].string?.contains(words) == true, "\(answer["problem"]["message"].string ?? "")")
    }

    @Test func codeThatOnlyLooksOtherIsTheSame() async throws {
        let answer = try await replayed("-- said better\n" + Self.text.replacing("local n =", with: "local number = 1 local n ="))
        #expect(answer["same"] == true)
    }
}
