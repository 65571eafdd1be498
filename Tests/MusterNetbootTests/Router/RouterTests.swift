import MusterCore
import Testing

@testable import MusterNetboot

@Suite("Router advertisements") struct RouterTests {
    @Test("the advertisement says that there is nothing to wait for") func nothingHere() throws {
        let bytes = RouterPacket.advertisement(.nothingHere).encoded
        #expect(bytes == [134] + [UInt8](repeating: 0, count: 15))
        #expect(try RouterPacket(decoding: bytes) == .advertisement(.nothingHere))
    }

    @Test("solicitations are read, with and without the sender's address") func solicitation() throws {
        let bare: [UInt8] = [133, 0, 0xAB, 0xCD, 0, 0, 0, 0]
        #expect(try RouterPacket(decoding: bare) == .solicitation)
        #expect(try RouterPacket(decoding: bare + [1, 1, 2, 0, 0, 0, 0, 1]) == .solicitation)
    }

    @Test(
        "what is none is told by kind",
        arguments: [
            ([133, 1, 0, 0, 0, 0, 0, 0], MalformedKind.badValue), ([135, 0, 0, 0, 0, 0, 0, 0], .badOperation),
            ([133, 0, 0, 0, 0], .truncated), ([133, 0, 0, 0, 0, 0, 0, 0, 1, 0], .badOption),
            ([133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2], .truncated), ([], .truncated),
        ] as [([UInt8], MalformedKind)])
    func malformed(bytes: [UInt8], kind: MalformedKind) {
        #expect(throws: MalformedPacket(kind)) { try RouterPacket(decoding: bytes) }
    }

    @Test("advertisements go out at once, then every four seconds, and soon after a question") func schedule() {
        var schedule = AdvertisementSchedule(now: .seconds(0))
        #expect(schedule.isDue(at: .seconds(0)) == true)
        #expect(schedule.isDue(at: .seconds(3)) == false)
        #expect(schedule.wait(at: .seconds(3)) == 1000)
        #expect(schedule.isDue(at: .seconds(4)) == true)
        #expect(schedule.solicited(at: .seconds(5)) == 0)
        #expect(schedule.isDue(at: .seconds(5)) == true)
        #expect(schedule.solicited(at: .seconds(5)) == 100)
        #expect(schedule.isDue(at: .seconds(5)) == false)
        #expect(schedule.isDue(at: Moment(milliseconds: 5100)) == true)
        #expect(schedule.wait(at: Moment(milliseconds: 5100)) == 4000)
        schedule.missed(at: Moment(milliseconds: 5100))
        #expect(schedule.wait(at: Moment(milliseconds: 5100)) == 1000)
    }
}
