import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import Testing

/// Bytes that are no proper request do no harm to anybody else.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BadInputTests {
    static let nonsense: [[UInt8]] = [
        [], Array("\r\n\r\n".utf8), Array("GET\r\n\r\n".utf8), Array("GET /v1/status HTTP/9.9\r\n\r\n".utf8),
        Array("GET /v1/status HTTP/1.1\r\nBroken Header\r\n\r\n".utf8),
        Array("POST /v1/disarm HTTP/1.1\r\nContent-Length: -5\r\n\r\n".utf8),
        Array("POST /v1/disarm HTTP/1.1\r\nContent-Length: 100\r\n\r\n{".utf8),
        Array("POST /v1/disarm HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".utf8),
        Array("POST /v1/disarm HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}".utf8),
        Array("GET /%zz%00/../../v1 HTTP/1.1\r\nHost: x\r\n\r\n".utf8), Array("\u{16}\u{3}\u{1}\u{2}\u{0}".utf8),
        Array("GET /v1/status HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 65, count: 300_000),
        Array("GET /v1/status HTTP/1.1\r\n".utf8) + Array(repeatElement(Array("a: b\r\n".utf8), count: 5000).joined()),
        [UInt8](repeating: 0xFF, count: 5000),
    ]

    @Test func theEngineGoesOnAnswering() async throws {
        try await TestConsole.with { console in
            for bytes in Self.nonsense { try await RawSocket.send(bytes, to: console.socket) }
            try await expectAnswers(console.client)
        }
    }

    @Test func randomBytesAndCutRequests() async throws {
        var random = SplitMix(state: 7)
        let whole = Array("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n{\"limit\": 1}".utf8)
        try await TestConsole.with { console in
            for _ in 0..<60 {
                var bytes = whole
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
                try await RawSocket.send(bytes, to: console.socket)
            }
            try await expectAnswers(console.client)
        }
    }

    @Test func anIdleConnectionHoldsUpNobodyAndNotTheEnd() async throws {
        try await TestConsole.with { console in
            let idle = try RawSocket.open(console.socket)
            defer { close(idle) }
            try await expectAnswers(console.client)
        }
    }
}

/// Repeatable randomness (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A client that sends what it is told to.
enum RawSocket {
    static func open(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(connected == 0)
        return descriptor
    }

    /// Sends, takes what comes back, and goes.
    static func send(_ bytes: [UInt8], to path: String) async throws {
        let descriptor = try open(path)
        defer { close(descriptor) }
        // The server may hang up in the middle: that is its right, and must not end this process.
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while read(descriptor, &buffer, buffer.count) > 0 {}
                continuation.resume()
            }
        }
    }
}
