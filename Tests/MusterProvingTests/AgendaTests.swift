import MusterSim
import Testing

@Suite struct AgendaTests {
    @Test func workIsDoneInTheOrderOfItsTimeAndThenOfItsCall() {
        let agenda = Agenda()
        var done: [String] = []
        agenda.after(20) { done.append("20") }
        agenda.after(10) {
            done.append("10 at \(agenda.elapsed)")
            agenda.after(0) { done.append("at once at \(agenda.elapsed)") }
        }
        agenda.after(10) { done.append("10 too") }
        agenda.after(31) { done.append("never") }
        agenda.run(until: 30)
        #expect(done == ["10 at 10", "10 too", "at once at 10", "20"])
        #expect(agenda.elapsed == 30)
        #expect(agenda.next == 31)
    }

    @Test func aThousandThingsComeInOrder() {
        var random = SeededGenerator(seed: 7)
        let agenda = Agenda()
        var times: [Int64] = []
        for _ in 0..<1_000 { agenda.after(Int64.random(in: 0..<500, using: &random)) { times.append(agenda.elapsed) } }
        agenda.run(until: 500)
        #expect(times.count == 1_000)
        #expect(times == times.sorted())
    }

    @Test func aConditionStopsItBetweenTwoPieces() {
        let agenda = Agenda()
        var done = 0
        for _ in 0..<5 { agenda.after(1_000) { done += 1 } }
        agenda.run(until: 5_000, stop: { done == 2 })
        #expect(done == 2)
        #expect(agenda.elapsed == 1_000)
    }

    @Test func aSeedGivesTheSameNumbersEverywhere() {
        var random = SeededGenerator(seed: 1)
        // The first numbers of SplitMix64 for seed 1, as its authors' code prints them.
        #expect([random.next(), random.next(), random.next()] == [0x910A_2DEC_8902_5CC1, 0xBEEB_8DA1_658E_EC67, 0xF893_A2EE_FB32_555E])
    }
}
