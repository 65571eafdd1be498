import MusterCore
import SweepWire
import Testing

extension SweepTests {
    /// The disk is full from some commit on: what was accepted comes to its end from the reserve, and nothing new is accepted.
    @Suite struct FullDiskTests {
        private func plans(_ name: String, hasReserve: Bool) -> [SweepStory.Plan] {
            var random = Sweep.random(name)
            let numbers = Sweep.isLong ? Array(1...46) : Array((1...40).shuffled(using: &random).prefix(3))
            return numbers.map { number in
                var plan = SweepStory.Plan()
                plan.full = (number, hasReserve)
                return plan
            }
        }

        @Test func aFailoverComesToItsEndFromTheReserve() async throws { try await tell("reserve", hasReserve: true) }

        @Test func withoutReserveEverythingWaitsForRoomAndGoesOn() async throws { try await tell("no reserve", hasReserve: false) }

        private func tell(_ name: String, hasReserve: Bool) async throws {
            let outcomes = try await Sweep.tell(plans(name, hasReserve: hasReserve))
            #expect(outcomes.filter(\.wasShort).count >= (outcomes.count + 1) / 2)
        }
    }
}
