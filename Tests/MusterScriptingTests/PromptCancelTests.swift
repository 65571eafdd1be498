import MusterCore
import MusterEngine
import Testing

@testable import MusterScripting

/// Lines that are given up, and lines that ask for events.
@Suite struct PromptCancelTests {
    private func evaluate(_ scene: Scene, _ text: String) async throws -> String {
        try await scene.scripting.evaluate(session: "s", text: text, operatorName: "maria")["output"].string ?? ""
    }

    /// Begins a line and returns it once so many of its steps wait.
    private func begin(_ scene: Scene, _ text: String, waiting count: Int = 1) async throws -> Task<Value, any Error> {
        let line = Task { try await scene.scripting.evaluate(session: "s", text: text, operatorName: "maria") }
        try await scene.run { $0.world.openStepCount == count }
        return line
    }

    @Test func aLineThatIsGivenUpLeavesTheSessionAndItsVariables() async throws {
        let scene = try await Scene(hooks: nil)
        _ = try await evaluate(scene, "x = 41")
        let line = try await begin(scene, "x = 42 sleep('1h') x = 43")
        await scene.scripting.cancelLine(session: "s")
        let error = await #expect(throws: MusterError.self) { try await line.value }
        #expect(error?.code == .cancelled && error?.hint?.contains("variables stay") == true)
        #expect(try await evaluate(scene, "x") == "42")
        // Nothing executes: there is nothing to give up, and the next line is not touched.
        await scene.scripting.cancelLine(session: "s")
        #expect(try await evaluate(scene, "now() > 0") == "true")
        #expect(try await scene.engine().world.runs.count == 1)
    }

    @Test func itsUndoHappensAndNoCatchHoldsIt() async throws {
        let scene = try await Scene(hooks: nil)
        let line = try await begin(
            scene,
            """
            do
              local undo <close> = setmetatable({}, { __close = function(_, e) log("undo", e.code) end })
              while true do pcall(sleep, "1h") end
            end
            """)
        await scene.scripting.cancelLine(session: "s")
        #expect(await #expect(throws: MusterError.self) { try await line.value }?.code == .cancelled)
        #expect(try await scene.logs() == ["undo\tcancelled"])
        #expect(try await evaluate(scene, "'next'") == "\"next\"")
    }

    @Test func allBranchesOfALineAreGivenUp() async throws {
        let scene = try await Scene(hooks: nil)
        let line = try await begin(
            scene, "all { function() sleep('1h') end, function() race { function() wait_for('user.x') end } end }", waiting: 2)
        await scene.scripting.cancelLine(session: "s")
        #expect(await #expect(throws: MusterError.self) { try await line.value }?.code == .cancelled)
        #expect(try await scene.engine().world.openStepCount == 0)
        #expect(try await evaluate(scene, "all { function() return 5 end }[1]") == "5")
    }

    @Test func whoeverGoesAwayGivesTheLineUp() async throws {
        let scene = try await Scene(hooks: nil)
        let line = try await begin(scene, "sleep('1h')")
        line.cancel()
        #expect(await #expect(throws: MusterError.self) { try await line.value }?.code == .cancelled)
        #expect(try await scene.engine().world.openStepCount == 0)
        // Given up before it began.
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await scene.scripting.evaluate(session: "s", text: "log('never')", operatorName: "maria")
        }
        _ = await early.result
        #expect(try await evaluate(scene, "7") == "7")
    }

    @Test func eventsAreAskedForByName() async throws {
        let scene = try await Scene(hooks: nil)
        func follow(_ text: String) async throws -> Value {
            try await scene.scripting.evaluate(session: "s", text: text, operatorName: "maria")["follow"]
        }
        #expect(try await follow("events.follow()") == "*")
        #expect(try await follow("events.follow 'resource.*'") == "resource.*")
        #expect(try await follow("events.follow('user.mine') local x = 1") == "user.mine")
        #expect(try await follow("events.follow(false)") == false)
        #expect(try await follow("1 + 1").isNull)
        let wrong = await #expect(throws: MusterError.self) { try await follow("events.follow('resorce.failed')") }
        #expect(wrong?.hint == "did you mean \"resource.failed\"?")
        let short = await #expect(throws: MusterError.self) { try await follow("events.follow 'resource'") }
        #expect(short?.hint == "did you mean \"resource.*\"?")
        #expect(await #expect(throws: MusterError.self) { try await follow("events.follow(5)") }?.code == .badArgument)
        #expect(try await scene.scripting.complete(session: "s", text: "events.fo") == ["events.follow"])
        #expect(try await evaluate(scene, "help 'events.follow'").contains("events.follow(false)"))
    }

    @Test func aScriptHasNobodyToShowEventsTo() async throws {
        let scene = try await Scene(hooks: nil)
        let id = try await scene.scripting.runScript(source: "events.follow()", file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        let error = try #require(try await scene.store.run(id)?.error)
        #expect(error.code == .wrongState && error.hint?.contains("wait_for") == true)
    }
}
