import MusterCore
import SweepWire
import Testing

/// Power loss while a commit is written: the engine dies before it acknowledges, and what it was writing is torn at a random place.
@Suite(.serialized) struct TornPageTests {
    @Test(arguments: Tear.Way.allCases) func whatWasNotAcknowledgedIsTorn(_ way: Tear.Way) async throws {
        var random = Sweep.random("torn \(way)")
        let numbers = Sweep.isLong ? Array(2...46) : Array((2...46).shuffled(using: &random).prefix(2))
        let outcomes = try await Sweep.tell(
            numbers.map { number in
                var plan = Story.Plan(fates: [Fate(.commit, number, .after)])
                plan.tear = way
                return plan
            })
        // A commit may hold what another held in the story before: then there are fewer.
        #expect(outcomes.filter { $0.tears > 0 }.count > numbers.count / 2)
    }
}
