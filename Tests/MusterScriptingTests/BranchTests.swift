import MusterCore
import MusterEngine
import MusterSim
import Testing

/// `all`, `race` and `timeout`: strands side by side, the same again after every restart.
@Suite struct BranchTests {
    /// A hook whose handler has this body; what it logs is the result.
    private func logs(_ body: String, during seconds: Int64 = 60) async throws -> (texts: [String], run: Run?) {
        let folder = try HookDirectory(["a.lua": "on('user.x', function(event) \(body) end)"])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try await scene.note("user.x")
        try await scene.run(seconds * 1000) { $0.world.runs.isEmpty }
        return (try await scene.logs(), try await scene.store.runs(limit: 10).last)
    }

    @Test func allGivesEachBranchsResultByItsKey() async throws {
        let (texts, _) = try await logs(
            """
            local r = all { function() sleep(2) log('slow') return 1 end, function() log('fast') return 2 end, named = function() sleep(1) return 'n' end }
            log(r[1], r[2], r.named)
            """)
        #expect(texts == ["fast", "slow", "1\t2\tn"])
    }

    @Test func branchesWaitAtTheSameTime() async throws {
        let folder = try HookDirectory([
            "a.lua": "on('user.x', function() local f = {} for i = 1, 50 do f[i] = function() sleep(10) end end all(f) end)"
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.x")
        // One after the other they would take 500 s.
        try await scene.run(60_000) { $0.world.runs.isEmpty }
        let steps = try await scene.store.steps(of: RunID(1))
        #expect(steps.count == 50)
        #expect(Set(steps.map(\.address)) == Set((1...50).map { "1/\($0).1" }))
        // Each began before any of them ended, whatever the machine's speed.
        let (lastBegin, firstEnd) = (steps.map(\.intended.milliseconds).max(), steps.compactMap(\.done?.milliseconds).min())
        #expect(try #require(lastBegin) < (try #require(firstEnd)))
    }

    @Test func theFirstErrorOfAllCancelsTheOthersAndIsRaised() async throws {
        let (texts, _) = try await logs(
            """
            local ok, problem = pcall(all, {
              function() local undo <close> = setmetatable({}, { __close = function() sleep(1) log('undone') end }) sleep(30) log('never') end,
              function() sleep(1) error({ code = 'oops', message = 'no' }) end,
            })
            log(ok, problem.code)
            """)
        #expect(texts == ["undone", "false\toops"])
    }

    @Test func raceGivesTheWinnerAndCancelsTheLosersOpenSteps() async throws {
        let folder = try HookDirectory([
            "a.lua": """
            on('user.x', function()
              local who, value, more = race { quick = function() sleep(1) return 'v', 'w' end, slow = function() sleep(100) log('never') end,
                inner = function() all { function() wait_for('user.never') end, function() sleep(200) end } end }
              log(who, value, more)
            end)
            """
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.x")
        try await scene.run(5_000) { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["quick\tv\tw"])
        let steps = try await scene.store.steps(of: RunID(1))
        #expect(steps.count == 5)
        #expect(steps.allSatisfy { $0.outcome != nil })
    }

    @Test func timeoutRaisesAndGivesManyResults() async throws {
        let (texts, _) = try await logs(
            """
            log(timeout('5s', function() sleep(1) return 'a', nil, 'c' end))
            local ok, problem = pcall(timeout, '2s', function() sleep(60) end)
            log(ok, problem.code)
            """)
        #expect(texts == ["a\tnil\tc", "false\ttimeout"])
    }

    @Test(arguments: [
        ("race {}", "bad_argument"), ("all { 1 }", "bad_argument"), ("while true do all { function() end } end", "step_limit"),
        ("all { function() while true do end end, function() sleep(1) end }", "budget"),
        ("pcall(all, { function() while true do end end, function() sleep(1) end })", "budget"),
    ]) func whatGoesWrongIsSaid(_ body: String, _ code: String) async throws {
        let (_, run) = try await logs(body)
        #expect(run?.error?.code.rawValue == code)
        #expect(run?.status == .failed)
    }

    @Test func aCancelReachesEveryBranchAndTheirUndo() async throws {
        let folder = try HookDirectory([
            "a.lua": """
            on('user.x', function()
              local function undo(text) return setmetatable({}, { __close = function() log(text) end }) end
              local outer <close> = undo('outer')
              all { function() local a <close> = undo('a') sleep(500) end, function() local b <close> = undo('b') wait_for('user.never') end }
            end)
            """
        ])
        let scene = try await Scene(hooks: folder.path)
        try await scene.note("user.x")
        try await scene.run { $0.world.steps[RunID(1)]?.count == 2 }
        try await scene.loop.turn { engine, now in try engine.cancelRun(RunID(1), now: now) }
        try await scene.run(5_000) { $0.world.runs.isEmpty }
        let logs = try await scene.logs()
        #expect(logs.count == 3)
        #expect(logs.last == "outer")
        #expect(Set(logs) == ["a", "b", "outer"])
        #expect(try await scene.store.run(RunID(1))?.status == .cancelled)
    }

    private static let story = """
        on('user.x', function()
          local order = {}
          local function note(text) order[#order + 1] = text log(text) end
          local function undo(text) return setmetatable({}, { __close = function() sleep(1) note(text) end }) end
          all {
            function() note('a1') sleep(2) note('a2') end,
            function()
              local who = race {
                function() local u <close> = undo('lost') sleep(3) note('never') end,
                function() sleep(1) note('won') end,
                function() all { function() local u <close> = undo('inner') sleep(9) end, function() sleep(8) end } end,
              }
              note('race ' .. who)
            end,
            function() for i = 1, 6 do sleep(1) note('c' .. i) end end,
          }
          pcall(timeout, '1s', function() local u <close> = undo('late') sleep(30) end)
          note(table.concat(order, ' '))
        end)
        """

    /// Each run of the same story, killed after each commit, logs the same: what came before the kill is what the journal says, and what
    /// comes after follows from it.
    @Test func aStoryOfBranchesThatIsKilledAnywhereIsToldToItsEnd() async throws {
        let folder = try HookDirectory(["a.lua": Self.story])
        let path = folder.path
        var next = 1
        var isOver = false
        var kills = 0
        while !isOver {
            let lots = Array(next..<(next + 6))
            next += 6
            let died = try await withThrowingTaskGroup(of: Bool.self) { group in
                for commits in lots { group.addTask { try await Self.tell(path, killedAfter: commits) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            kills += died.filter { $0 }.count
            isOver = died.contains(false)
        }
        #expect(kills > 20)
    }

    private static func tell(_ folder: String, killedAfter commits: Int) async throws -> Bool {
        let (memory, fleet, time) = (MemoryStore(), SimulatedFleet(), VirtualTime())
        var life = try await Life(memory, fleet, time, commits: .max, hooks: folder)
        try await life.loop.turn { engine, now in _ = try engine.emitUser("user.x", [:], key: nil, now: now) }
        life.store.die(after: commits)
        let isOver: @Sendable (Engine) -> Bool = { $0.world.runs.isEmpty }
        let survived = try await life.run(60_000, until: isOver)
        if !survived {
            life = try await Life(memory, fleet, time, commits: .max, hooks: folder)
            let finished = try await life.run(60_000, until: isOver)
            let story = try await life.story()
            #expect(finished, "killed after \(commits): \(story)")
        }
        let run = try #require(try await life.store.run(RunID(1)))
        #expect(run.status == .done, "killed after \(commits): \(run.error?.message ?? "")")
        let steps = try await life.store.steps(of: RunID(1))
        let code = try #require(try await life.store.code(run.code))
        let replayed = try await life.scripting.replay(run, steps, code: code, source: nil)
        #expect(replayed["same"] == true, "killed after \(commits): \(replayed.json)")
        let logged = steps.filter { $0.name == "log" }.compactMap { $0.arguments.first?.string }
        // Branches that log at the same time may be recorded in either order; none is lost and none told twice.
        #expect(
            logged.dropLast().flatMap { $0.split(separator: " ") }.sorted() == logged.last?.split(separator: " ").sorted(),
            "killed after \(commits)")
        #expect(
            Set(logged.dropLast()) == ["a1", "a2", "lost", "won", "inner", "race 2", "c1", "c2", "c3", "c4", "c5", "c6", "late"],
            "killed after \(commits)")
        #expect(logged.count == 14, "killed after \(commits): \(logged)")
        #expect(steps.compactMap(\.sequence) == steps.indices.map { Int64($0 + 1) }, "killed after \(commits)")
        return !survived
    }
}

/// Runs that only wait need no memory of their script.
@Suite struct ParkedRunTests {
    @Test func moreRunsThanThePolicysMemoryHoldsArePutAsideAndWokenByReplay() async throws {
        let folder = try HookDirectory([
            "a.lua": """
            on('user.x', { key = 'n' }, function(event)
              local weight = {}
              for i = 1, 20 do weight[i] = string.rep(event.data.n .. '/' .. i, 20000) end
              sleep('30s')
              log(#weight, event.data.n)
            end)
            """
        ])
        let scene = try await Scene(hooks: folder.path)
        // Each holds about two megabytes, the policy may have 64.
        for number in 1...100 {
            try await scene.loop.turn { engine, now in
                _ = try engine.emitUser("user.x", ["n": .string("run\(number)")], key: nil, now: now)
            }
        }
        // Virtual time goes on while the scripts compute: much of it may pass.
        try await scene.run(1_200_000) { $0.world.general.lastRun == RunID(100) && $0.world.runs.isEmpty }
        #expect(Set(try await scene.logs()) == Set((1...100).map { "20\trun\($0)" }))
        #expect(try await scene.store.runs(limit: 200).allSatisfy { $0.status == .done })
    }

    @Test func aRunThatOnlyWaitedGoesOnAfterARestart() async throws {
        let folder = try HookDirectory([
            "a.lua":
                "on('user.x', function() log('before') local event = wait_for('user.y', { timeout = '1h' }) log('after', event.data.n) end)"
        ])
        let first = try await Scene(hooks: folder.path)
        try await first.note("user.x")
        try await first.run { $0.world.steps[RunID(1)]?.count == 2 }
        let second = try await Scene(store: first.store, fleet: first.fleet, time: first.time, hooks: folder.path)
        try await second.loop.turn { engine, now in _ = try engine.emitUser("user.y", ["n": 7], key: nil, now: now) }
        try await second.run { $0.world.runs.isEmpty }
        #expect(try await second.logs() == ["before", "after\t7"])
    }
}
