import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// The machine that was silent goes on where it was while the engine is dead: nobody switches it off for what was known an hour ago.
    @Suite struct ReturnTests {
        @Test func aMachineThatCameBackIsNotSwitchedOffOnStaleKnowledge() async throws {
            var random = Sweep.random("return")
            let numbers = Sweep.isLong ? Array(20...46) : Array((24...32).shuffled(using: &random).prefix(2))
            try await Sweep.tell(
                numbers.map { number in
                    var plan = SweepStory.Plan(fates: [Fate(.commit, number, .before)])
                    plan.thaws = true
                    plan.pause = 3_600_000
                    return plan
                })
        }
    }
}
