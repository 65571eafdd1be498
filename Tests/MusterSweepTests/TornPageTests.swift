import Foundation
import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// Power loss while a commit is written: the engine dies before it acknowledges, and what it was writing is torn at a random place.
    @Suite struct TornPageTests {
        @Test(arguments: Tear.Way.allCases) func whatWasNotAcknowledgedIsTorn(_ way: Tear.Way) async throws {
            var random = Sweep.random("torn \(way)")
            let numbers = Sweep.isLong ? Array(2...46) : Array((2...40).shuffled(using: &random).prefix(2))
            let outcomes = try await Sweep.tell(
                numbers.map { number in
                    var plan = SweepStory.Plan(fates: [Fate(.commit, number, .after)])
                    plan.tear = way
                    return plan
                })
            // A commit may hold what another held in the story before: then there are fewer.
            #expect(outcomes.filter { $0.tears > 0 }.count >= (numbers.count + 1) / 2)
        }

        @Test func aDamagedStoreIsRefusedAtTheStartAndLeftAsItIs() async throws {
            let story = try await SweepStory(SweepStory.Plan())
            _ = try await story.tell()
            try story.ledger.checkpoint()
            let path = story.ledger.path
            var damaged = try #require(FileManager.default.contents(atPath: path))
            damaged.replaceSubrange(4_096..<8_192, with: Data(repeating: 0x5a, count: 4_096))
            try damaged.write(to: URL(fileURLWithPath: path))
            await #expect {
                _ = try await story.start(life: 1, elapsed: 0)
            } throws: { error in
                let error = error as? MusterError
                return error?.code == .storeCorrupt && error?.message.contains(path) == true && error?.hint?.contains("backup") == true
            }
            #expect(FileManager.default.contents(atPath: path) == damaged)
        }
    }
}
