import Testing

@testable import MusterNetboot

@Suite("Range headers") struct ByteRangeTests {
    @Test(
        "one range is a part, cut at the file's end",
        arguments: [
            ("bytes=0-0", 0...0), ("bytes=2-5", 2...5), ("bytes=9-", 9...9), ("bytes=0-", 0...9), ("bytes=-3", 7...9),
            ("bytes=-99", 0...9), ("Bytes=3-99999999999999999999", 3...9),
        ])
    func part(header: String, octets: ClosedRange<Int>) {
        #expect(ByteRange(header, size: 10) == .part(octets))
    }

    @Test(
        "what has no octet of the file is outside",
        arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
    func outside(header: String) {
        #expect(ByteRange(header, size: 10) == .outside)
        #expect(ByteRange("bytes=0-", size: 0) == .outside)
        #expect(ByteRange("bytes=-1", size: 0) == .outside)
    }

    @Test(
        "anything else is the whole file",
        arguments: [
            nil, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=1-2,4-5", "bytes=a-b", "bytes=1--2", "bytes=+1-2", "octets=1-2",
            "1-2", "bytes=1 -2", "bytes=5",
        ])
    func whole(header: String?) {
        #expect(ByteRange(header, size: 10) == .whole)
    }
}
