import MusterCore
import Testing

@testable import MusterNetboot

/// Random and mutated bytes through every codec. What is tested is that nothing traps, and that what can be read can be written
/// and read again as the same. A failure names the seed: `MUSTER_FUZZ_SEED=N swift test --filter CodecFuzz` replays it.
@Suite("Codec fuzz") struct CodecFuzzTests {
    private func checkDHCP(_ bytes: [UInt8]) -> Bool {
        guard let message = try? DHCPMessage(decoding: bytes) else { return true }
        var server = DHCPServer(network: Samples.network())
        for declared in [nil, Samples.engine] {
            if case .reply(let reply, _) = server.receive(message, declared: declared, now: .seconds(1)) {
                guard (try? DHCPMessage(decoding: reply.encoded)) == reply else { return false }
            }
        }
        return (try? DHCPMessage(decoding: message.encoded)) == message
    }

    private func checkTFTP(_ bytes: [UInt8]) -> Bool {
        guard let packet = try? TFTPPacket(decoding: bytes) else { return true }
        var transfer = TFTPTransfer(TFTPRequest(file: "f", mode: "octet"), size: 1000)
        if case .read(let request) = packet { transfer = TFTPTransfer(request, size: 1000) }
        _ = transfer.start(at: .seconds(0))
        _ = transfer.receive(packet, at: .seconds(0))
        _ = transfer.timeOut(at: .seconds(1))
        return (try? TFTPPacket(decoding: packet.encoded)) == packet
    }

    private func checkRouter(_ bytes: [UInt8]) -> Bool {
        guard let packet = try? RouterPacket(decoding: bytes) else { return true }
        return (try? RouterPacket(decoding: packet.encoded)) == packet
    }

    private var dhcpSamples: [[UInt8]] {
        [
            Samples.message(
                .discover, [Samples.pxe, Samples.architecture(7), DHCPOption(77, text: "iPXE"), DHCPOption(52, [3])]),
            Samples.message(
                .request,
                [
                    DHCPOption(50, Samples.engine), DHCPOption(54, Samples.engine),
                    DHCPOption(200, Array(repeating: 1, count: 600)),
                ]),
        ].map(\.encoded)
    }

    private let routerSamples: [[UInt8]] = [
        [133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1], RouterPacket.advertisement(.nothingHere).encoded,
    ]

    @Test("packets cut at every octet") func truncations() {
        for (samples, check) in [
            (dhcpSamples, checkDHCP), (TFTPCodecTests.packets.map(\.encoded), checkTFTP), (routerSamples, checkRouter),
        ] {
            for sample in samples {
                for length in 0...sample.count {
                    #expect(check(Array(sample.prefix(length))), "cut to \(length) octets: \(sample)")
                }
            }
        }
    }

    @Test("mutated and random packets") func mutations() {
        let seed = SeededGenerator.seed()
        print("codec fuzz seed: \(seed)")
        var random = SeededGenerator(seed: seed)
        let suites = [
            (dhcpSamples, checkDHCP), (TFTPCodecTests.packets.map(\.encoded), checkTFTP), (routerSamples, checkRouter),
        ]
        for number in 0..<SeededGenerator.inputs(default: 6000) {
            let (samples, check) = suites[number % suites.count]
            let bytes = mutated(samples[Int.random(in: 0..<samples.count, using: &random)], using: &random)
            #expect(check(bytes), "seed \(seed), input \(number): \(bytes)")
        }
    }

    @Test("mutated queries never yield a value that is not plain") func queries() {
        let seed = SeededGenerator.seed()
        print("query fuzz seed: \(seed)")
        var random = SeededGenerator(seed: seed)
        let samples = ["52:54:00:77:00:01", "c0ffee", "11223344-5566-7788-99aa-bbccddeeff00", "512", "7", "1.5"].map {
            Array($0.utf8)
        }
        let names = ["mac", "token", "boot_id", "uuid", "memory_mib", "cpus", "epoch", "uptime", "load"]
        for number in 0..<SeededGenerator.inputs(default: 6000) {
            let pairs = names.map { name in
                let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
                let octets = Bool.random(using: &random) ? sample : mutated(sample, using: &random)
                return (name: name, value: String(decoding: octets, as: UTF8.self))
            }
            guard let query = try? BootQuery(pairs) else { continue }
            if let request = try? query.bootRequest() {
                let url = BootURL.script(base: "", request: request)
                #expect(
                    url.utf8.allSatisfy { $0.isDigit || $0.isLetter || "/.?=:&-".utf8.contains($0) },
                    "seed \(seed), input \(number): \(url)")
            }
            if let heartbeat = try? query.heartbeat() {
                #expect(heartbeat.token.utf8.allSatisfy { $0.isHexadecimal }, "seed \(seed), input \(number)")
            }
        }
    }

    private func mutated(_ sample: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        if Int.random(in: 0..<10, using: &random) == 0 {
            return (0..<Int.random(in: 0...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        var bytes = sample
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2 where place < bytes.count:
                bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert([0, 255, 1, 52][Int.random(in: 0..<4, using: &random)], at: place)
            default: bytes.append(contentsOf: bytes.suffix(Int.random(in: 0...20, using: &random)))
            }
        }
        return bytes
    }
}
