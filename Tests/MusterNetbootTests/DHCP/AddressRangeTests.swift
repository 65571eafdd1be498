import MusterCore
import Testing

@testable import MusterNetboot

@Suite("Address range") struct AddressRangeTests {
    private func range(_ last: String = "10.0.0.12", excluded: Set<IPv4Address> = []) throws -> AddressRange {
        try #require(AddressRange(first: Samples.address("10.0.0.10"), last: Samples.address(last), excluded: excluded))
    }
    private func machine(_ number: UInt8) -> MACAddress { MACAddress(octets: [2, 0, 0, 0, 0, number])! }

    @Test("a machine keeps its address, and a new engine gives it the same one") func stable() throws {
        var range = try range("10.0.0.200")
        var again = range
        let first = range.address(for: Samples.mac, wanted: nil, until: .seconds(60), now: .seconds(0))
        #expect(range.address(for: Samples.mac, wanted: nil, until: .seconds(99999), now: .seconds(99998)) == first)
        #expect(again.address(for: Samples.mac, wanted: nil, until: .seconds(60), now: .seconds(0)) == first)
    }

    @Test("three addresses serve three machines, and a fourth when a lease has ended") func exhausted() throws {
        var range = try range()
        let given = (1...3).map {
            range.address(for: machine($0), wanted: nil, until: .seconds(10 * Int64($0)), now: .seconds(0))
        }
        #expect(Set(given).count == 3 && !given.contains(nil))
        #expect(range.address(for: machine(4), wanted: nil, until: .seconds(60), now: .seconds(5)) == nil)
        #expect(range.address(for: machine(4), wanted: nil, until: .seconds(60), now: .seconds(11)) == given[0])
        #expect(range.lease(of: machine(1)) == nil)
        #expect(range.address(for: machine(1), wanted: nil, until: .seconds(90), now: .seconds(12)) == nil)
    }

    @Test("a machine that asks for a free address gets it, a taken one is not taken away") func wanted() throws {
        var range = try range()
        let wish = try Samples.address("10.0.0.12")
        #expect(range.address(for: machine(1), wanted: wish, until: .seconds(60), now: .seconds(0)) == wish)
        #expect(range.address(for: machine(2), wanted: wish, until: .seconds(60), now: .seconds(0)) != wish)
        let outside = try Samples.address("10.0.0.99")
        #expect(range.address(for: machine(3), wanted: outside, until: .seconds(60), now: .seconds(0)) != outside)
    }

    @Test("declined, excluded and declared addresses are not given") func unusable() throws {
        let all = try ["10.0.0.10", "10.0.0.11", "10.0.0.12"].map(Samples.address)
        var range = try range(excluded: [all[0]])
        range.decline(all[1], until: .seconds(600))
        #expect(range.address(for: machine(1), wanted: all[1], until: .seconds(60), now: .seconds(0)) == all[2])
        range.exclude(all[2])
        #expect(range.lease(of: machine(1)) == nil)
        #expect(range.address(for: machine(1), wanted: nil, until: .seconds(60), now: .seconds(0)) == nil)
        #expect(range.address(for: machine(1), wanted: nil, until: .seconds(700), now: .seconds(601)) == all[1])
    }

    @Test("a released address waits for its machine until another needs it") func released() throws {
        var range = try range("10.0.0.11")
        let mine = range.address(for: machine(1), wanted: nil, until: .seconds(60), now: .seconds(0))
        range.release(machine(1), now: .seconds(1))
        #expect(range.address(for: machine(2), wanted: nil, until: .seconds(60), now: .seconds(1)) != mine)
        #expect(range.address(for: machine(3), wanted: nil, until: .seconds(60), now: .seconds(1)) == mine)
    }

    @Test("ranges of odd sizes") func sizes() throws {
        let low = try Samples.address("10.0.0.12")
        #expect(AddressRange(first: low, last: try Samples.address("10.0.0.11")) == nil)
        var one = try #require(AddressRange(first: low, last: low))
        #expect(one.address(for: machine(1), wanted: nil, until: .seconds(1), now: .seconds(0)) == low)
        var all = try #require(AddressRange(first: IPv4Address(number: 0), last: IPv4Address(number: .max)))
        #expect(all.address(for: machine(1), wanted: nil, until: .seconds(1), now: .seconds(0)) != nil)
    }
}
