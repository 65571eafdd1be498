import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// `kill -9` at random instructions, also while an engine recovers from the last one, and with time gone by in between.
    @Suite struct RandomKillTests {
        /// Rounds in which something happens; after them the server runs on the standby.
        private static let rounds = 1...95

        @Test func killedAnywhere() async throws {
            var random = Sweep.random("anywhere")
            let plans = (1...(Sweep.isLong ? 90 : 10)).map { _ in
                SweepStory.Plan(kills: [(Int.random(in: Self.rounds, using: &random), UInt32.random(in: 0...8_000, using: &random))])
            }
            let deaths = try await Sweep.tell(plans).filter { $0.deaths > 0 }.count
            #expect(deaths > plans.count / 2)
        }

        @Test func killedAgainWhileItRecovers() async throws {
            var random = Sweep.random("again")
            let plans = (1...(Sweep.isLong ? 60 : 10)).map { _ in
                var plan = SweepStory.Plan(kills: [
                    (Int.random(in: Self.rounds, using: &random), UInt32.random(in: 0...8_000, using: &random))
                ])
                plan.restarts = (0..<Int.random(in: 1...4, using: &random)).map { _ in UInt32.random(in: 0...200_000, using: &random) }
                plan.pause = [0, 0, 5_000, 3_600_000].randomElement(using: &random) ?? 0
                return plan
            }
            let deaths = try await Sweep.tell(plans).filter { $0.deaths > 0 }.count
            #expect(deaths > plans.count / 2)
        }
    }
}
