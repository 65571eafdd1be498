import MusterCore
import Testing

@testable import MusterNetboot

@Suite("DHCP codec") struct DHCPCodecTests {
    @Test("a message comes back from its bytes") func roundTrip() throws {
        var message = Samples.message(.request, [DHCPOption(DHCPOption.Code.requestedAddress, Samples.engine)])
        message.seconds = 9
        message.flags = 0x8000
        message.clientAddress = try Samples.address("10.77.0.9")
        message.serverName = Array("server".utf8)
        message.bootFile = Array("file".utf8)
        #expect(try DHCPMessage(decoding: message.encoded) == message)
    }

    @Test("fields stand where RFC 2131 puts them") func layout() {
        var message = Samples.message(.discover)
        message.flags = 0x8000
        let bytes = message.encoded
        #expect(bytes.count == 300)
        #expect(Array(bytes[0..<4]) == [1, 1, 6, 0])
        #expect(Array(bytes[4..<8]) == [0xCA, 0xFE, 0x00, 0x01])
        #expect(Array(bytes[10..<12]) == [0x80, 0])
        #expect(Array(bytes[28..<34]) == Samples.mac.octets)
        #expect(Array(bytes[236..<244]) == [0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255])
    }

    @Test("an option of more than 255 octets is cut and put together again") func longOption() throws {
        let octets = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
        let message = Samples.message(.discover, [DHCPOption(200, octets), DHCPOption(201, [])])
        #expect(try DHCPMessage(decoding: message.encoded) == message)
    }

    @Test("options in the overloaded file and sname fields are read") func overload() throws {
        var bytes = Samples.message(.discover, [DHCPOption(52, [3])]).encoded
        bytes.replaceSubrange(108..<113, with: [12, 2, 65, 66, 255])
        bytes.replaceSubrange(44..<48, with: [61, 1, 7, 255])
        let message = try DHCPMessage(decoding: bytes)
        #expect(message[12] == [65, 66])
        #expect(message[61] == [7])
        #expect(message[52] == nil)
        #expect(message.bootFile.isEmpty && message.serverName.isEmpty)
    }

    @Test(
        "what is no DHCP message is told by kind",
        arguments: [
            (0, 7, MalformedKind.badOperation), (2, 17, .badHardware), (236, 0, .badCookie), (241, 200, .truncated),
            (242, 99, .badValue),
        ])
    func malformed(offset: Int, value: UInt8, kind: MalformedKind) {
        var bytes = Samples.message(.discover).encoded
        bytes[offset] = value
        #expect(throws: MalformedPacket(kind)) { try DHCPMessage(decoding: bytes) }
    }

    @Test("an option that decides something must have its length", arguments: [UInt8(50), 53, 54])
    func lengths(code: UInt8) {
        let message = Samples.message(.discover, [DHCPOption(code, [1, 2])])
        #expect(throws: MalformedPacket(.badOption)) { try DHCPMessage(decoding: message.encoded) }
    }
}
