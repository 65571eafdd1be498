import Testing

@testable import MusterNetboot

@Suite("TFTP codec") struct TFTPCodecTests {
    static let packets: [TFTPPacket] = [
        .read(TFTPRequest(file: "undionly.kpxe", mode: "octet", options: [TFTPOption(name: "blksize", value: "1432")])),
        .write(TFTPRequest(file: "a", mode: "netascii")), .data(block: 65535, [1, 2, 3]), .data(block: 1, []),
        .acknowledge(block: 0), .error(.fileNotFound, "no such file"),
        .options([TFTPOption(name: "tsize", value: "74213"), TFTPOption(name: "blksize", value: "8")]), .options([]),
    ]

    @Test("packets come back from their bytes", arguments: packets) func roundTrip(packet: TFTPPacket) throws {
        #expect(try TFTPPacket(decoding: packet.encoded) == packet)
    }

    @Test("a request reads as RFC 1350 writes it") func request() throws {
        let bytes: [UInt8] = [0, 1] + Array("x.efi".utf8) + [0] + Array("Octet".utf8) + [0, 0, 0, 0]
        #expect(try TFTPPacket(decoding: bytes) == .read(TFTPRequest(file: "x.efi", mode: "Octet")))
    }

    @Test("an error without its ending zero is an error still") func error() throws {
        #expect(try TFTPPacket(decoding: [0, 5, 0, 8, 110, 111]) == .error(.optionsRefused, ""))
    }

    @Test(
        "what is no packet is told by kind",
        arguments: [
            ([], MalformedKind.truncated), ([0], .truncated), ([0, 9, 0], .badOperation), ([0, 1, 97], .badText),
            ([0, 1, 0, 111, 0], .badText), ([0, 1, 97, 0, 111], .badText), ([0, 1, 0x80, 0, 111, 0], .badText),
            ([0, 1, 97, 0, 111, 0, 98, 0], .badText), ([0, 4, 0], .truncated),
        ] as [([UInt8], MalformedKind)])
    func malformed(bytes: [UInt8], kind: MalformedKind) {
        #expect(throws: MalformedPacket(kind)) { try TFTPPacket(decoding: bytes) }
    }
}
