import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// The sweep can fail: engines that break a promise are found out.
    @Suite struct MutationTests {
        @Test func aCommitThatIsAcknowledgedBeforeItIsMadeIsFound() async throws {
            let found = try await problems(.acknowledgesEarly, [Fate(.commit, 12, .before), Fate(.commit, 30, .before)])
            #expect(found.contains { $0.contains("was shown and is lost") || $0.contains("the journal intends no such thing") }, "\(found)")
        }

        @Test func aJournalWithoutIntentionsIsFound() async throws {
            let found = try await problems(.forgetsIntentions, [nil])
            #expect(found.contains { $0.contains("node1 is switched off, and the journal intends no such thing") }, "\(found)")
        }

        @Test func aBatchInTwoHalvesIsFound() async throws {
            let found = try await problems(.splitsBatches, [5, 20, 25, 30].map { Fate(.commit, $0, .sent) })
            #expect(!found.isEmpty)
        }

        /// What the sweep says of an engine with this mutation, killed at these points.
        private func problems(_ mutation: SweepMutation, _ fates: [Fate?]) async throws -> [String] {
            var found: [String] = []
            for fate in fates where found.isEmpty {
                var plan = SweepStory.Plan(fates: [fate].compactMap { $0 })
                plan.mutation = mutation
                let story = try await SweepStory(plan)
                do {
                    let outcome = try await story.tell(limit: 500)
                    found = try Verdict.problems(story, outcome)
                } catch let error as MusterError {
                    found = ["the engine does not start any more: \(error)"]
                }
            }
            return found
        }
    }
}
