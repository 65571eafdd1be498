import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// `kill -9` at every step boundary of a placement and a failover: before and after each commit and each call to a driver.
    @Suite struct KillPointTests {
        @Test func aFailoverThatNobodyDisturbsComesToItsEnd() async throws {
            let story = try await SweepStory(SweepStory.Plan())
            let outcome = try await story.tell()
            let problems = try Verdict.problems(story, outcome)
            #expect(problems == [], "\(problems.joined(separator: "\n"))")
            #expect(outcome.deaths == 0)
            // The sweeps below sample among so many points.
            #expect((40...60).contains(outcome.commits) && (7...40).contains(outcome.calls), "\(outcome)")
        }

        @Test(arguments: [Fate.When.before, .after]) func killedAtACommit(_ when: Fate.When) async throws {
            let deaths = try await Sweep.enumerate(.commit, when, about: 40)
            #expect(deaths >= (Sweep.isLong ? 40 : 2))
        }

        @Test(arguments: Fate.When.allCases) func killedAtADriversCall(_ when: Fate.When) async throws {
            let deaths = try await Sweep.enumerate(.call, when, about: 8)
            #expect(deaths >= (Sweep.isLong ? 7 : 1))
        }
    }
}
