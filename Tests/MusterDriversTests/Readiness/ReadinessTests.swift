import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

@Suite struct ReadinessTests {
    let probe = SystemReadinessProbe(patience: 20_000)
    let impatient = SystemReadinessProbe(patience: 300)

    @Test(arguments: ["200 OK", "204 No Content", "301 Moved Permanently", "399 Odd"])
    func theseAreReady(status: String) async throws {
        let server = try OneAnswerServer(answer: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
        try await probe.probe(ReadinessCheck(http: "http://\(server.address):\(server.port)/health?x=1"))
        #expect(server.seen.count == 1)
        #expect(server.seen[0].hasPrefix("GET /health?x=1 HTTP/1.1\r\nHost: \(server.address):\(server.port)\r\n"))
        #expect(server.seen[0].hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: ["404 Not Found", "500 Internal Server Error", "503 Warming up", "101 Switching"])
    func theseAreNot(status: String) async throws {
        let server = try OneAnswerServer(answer: "HTTP/1.1 \(status)\r\n\r\n")
        let error = try await failing {
            try await probe.probe(ReadinessCheck(http: "http://\(server.address):\(server.port)/"))
        }
        #expect(error.code == "not_ready")
        #expect(error.message.contains(status), "\(error)")
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n", "no line end", ""])
    func answersThatAreNotHTTP(answer: String) async throws {
        let server = try OneAnswerServer(answer: answer)
        let error = try await failing {
            try await probe.probe(ReadinessCheck(http: "http://\(server.address):\(server.port)/"))
        }
        #expect(error.code == "not_ready")
    }

    @Test func aServerThatAcceptsAndSaysNothing() async throws {
        let server = try OneAnswerServer(answer: nil)
        let error = try await failing {
            try await impatient.probe(ReadinessCheck(http: "http://\(server.address):\(server.port)/"))
        }
        #expect(error.message.contains("does not answer"), "\(error)")
        try await impatient.probe(ReadinessCheck(tcp: "\(server.address):\(server.port)"))
    }

    @Test func nobodyListens() async throws {
        let address = LoopbackAddress.next()
        for check in [ReadinessCheck(http: "http://\(address):81/"), ReadinessCheck(tcp: "\(address):81")] {
            let error = try await failing { try await probe.probe(check) }
            #expect(error.code == "not_ready")
            #expect(error.message.contains("refused"), "\(error)")
        }
    }

    @Test func aRealWebServer() async throws {
        let scratch = try Scratch()
        try scratch.write("index.html", "shop\n")
        let address = LoopbackAddress.next()
        let server = Process()
        server.executableURL = URL(fileURLWithPath: try Program.path("busybox", package: "busybox"))
        server.arguments = ["httpd", "-f", "-p", "\(address):8080", "-h", scratch.path]
        try Program.start(server)
        defer { Program.end(server) }
        try await eventually("the web server is ready") {
            (try? await probe.probe(ReadinessCheck(http: "http://\(address):8080/"))) != nil
        }
        let missing = try await failing { try await probe.probe(ReadinessCheck(http: "http://\(address):8080/none")) }
        #expect(missing.message.contains("404"))
    }

    @Test(arguments: [
        "https://10.0.0.1/", "10.0.0.1", "http://", "http://10.0.0.1:x/", "http://10.0.0.1/a b", "http://10.0.0.1:99999/",
    ])
    func urlsThatCannotBeChecked(url: String) async throws {
        let error = try await failing { try await probe.probe(ReadinessCheck(http: url)) }
        #expect(error.code == .badArgument)
        #expect(error.hint != nil)
    }

    @Test(arguments: ["10.0.0.1", "10.0.0.1:", ":80", "10.0.0.1:0"])
    func addressesThatCannotBeChecked(address: String) async throws {
        #expect(try await failing { try await probe.probe(ReadinessCheck(tcp: address)) }.code == .badArgument)
    }

    @Test func partsOfAURL() throws {
        let check = try HTTPCheck(url: "http://10.77.0.80/health?full=1#part")
        #expect(check.endpoint == (try TCPEndpoint("10.77.0.80:80")))
        #expect(check.target == "/health?full=1")
        #expect(try HTTPCheck(url: "HTTP://shop.example?x").target == "/?x")
        #expect(try HTTPCheck(url: "http://[::1]:8080").endpoint.host == "::1")
        #expect(try HTTPCheck(url: "http://[::1]").endpoint.port == 80)
    }
}
