import MusterCore
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("1.5s", 1_500)])
    func durations(_ text: String, _ milliseconds: Int64) throws {
        #expect(try Quantity.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [("0", 0), ("512M", 512 << 20), ("4G", 4 << 30), ("1T", 1 << 40), ("1.5K", 1536)])
    func sizes(_ text: String, _ bytes: Int64) throws {
        #expect(try Quantity.bytes(text) == bytes)
    }

    @Test(arguments: ["", "s", "5", "5 s", "-1s", "1e9s", "99999999999999999999d", "3w", "1..5s"])
    func whatIsNoDurationIsRefusedWithAHint(_ text: String) {
        #expect { try Quantity.milliseconds(text) } throws: { ($0 as? MusterError)?.hint?.contains("30s") == true }
    }

    @Test func forPeople() {
        #expect(
            [850, 12_400, 200_000, 7_500_000, 273_600_000].map { Quantity.people(milliseconds: $0) } == [
                "850 ms", "12.4 s", "3 m 20 s", "2 h 5 m", "3 d 4 h",
            ])
    }

    @Test func theNearestWord() {
        #expect(Spelling.nearest("adress", ["address", "port", "user"]) == "address")
        #expect(Spelling.nearest("frobnicate", ["address", "port"]) == nil)
    }
}
