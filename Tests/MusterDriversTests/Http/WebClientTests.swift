import Foundation
import MusterCore
import MusterDrivers
import MusterEngine
import Testing

/// Web requests against real servers on loopback.
@Suite struct WebClientTests {
    private let client = URLSessionClient()

    private func request(_ url: String, method: String = "GET", allowed: [String]? = nil) throws -> HTTPRequest {
        let address = try WebAddress(url)
        var request = HTTPRequest(method: method, address: address, allowed: try (allowed ?? [address.origin]).map { try WebAddress($0) })
        // A busy machine may take long: what is expected to come is waited for.
        request.timeout = 600_000
        return request
    }

    private func server(_ head: String, _ body: String = "") throws -> OneAnswerServer {
        try OneAnswerServer(answer: "HTTP/1.1 \(head)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
    }

    @Test func anAnswerComesWhole() async throws {
        let server = try server("404 Not Found\r\nX-One: 1\r\nContent-Type: text/plain", "nothing hére")
        let answer = try await client.send(
            request("http://\(server.address):8080/a/b?c=d"), headers: ["x-mine": Secret(bytes: Array("yes".utf8))])
        #expect(answer.status == 404)
        #expect(answer.body == "nothing hére")
        #expect(answer.headers["x-one"] == "1")
        let seen = try #require(server.seen.first)
        #expect(seen.hasPrefix("GET /a/b?c=d HTTP/1.1\r\n"))
        #expect(seen.lowercased().contains("x-mine: yes\r\n"))
        #expect(!seen.lowercased().contains("cookie"))
    }

    @Test func aBodyIsPosted() async throws {
        let server = try server("200 OK", "ok")
        var post = try request("http://\(server.address):8080/", method: "POST")
        post.body = #"{"a":1}"#
        let answer = try await client.send(post, headers: ["content-type": Secret(bytes: Array("application/json".utf8))])
        #expect(answer.status == 200)
        let seen = try #require(server.seen.first)
        #expect(seen.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(seen.lowercased().contains("content-length: 7\r\n"))
    }

    @Test func aRedirectionIsFollowedWhereItMayGo() async throws {
        let last = try server("200 OK", "there")
        let first = try server("302 Found\r\nLocation: http://\(last.address):8080/there\r\nSet-Cookie: a=b")
        let both = ["http://\(first.address):8080/", "http://\(last.address):8080/there"]
        let answer = try await client.send(
            request("http://\(first.address):8080/", allowed: both),
            headers: ["authorization": Secret(bytes: Array("token-1".utf8)), "x-key": Secret(bytes: Array("token-2".utf8))])
        #expect(answer.body == "there")
        #expect(first.seen.first?.contains("token-1") == true)
        // Another server gets neither secret nor cookie.
        let seen = try #require(last.seen.first)
        #expect(!seen.contains("token") && !seen.lowercased().contains("cookie"))
    }

    @Test(arguments: [("307", "POST"), ("303", "GET"), ("301", "GET")]) func thePostedBodyGoesAlongWhereItShould(
        _ status: String, _ method: String
    ) async throws {
        let last = try server("200 OK", "there")
        let first = try server("\(status) X\r\nLocation: http://\(last.address):8080/")
        var post = try request(
            "http://\(first.address):8080/", method: "POST", allowed: ["http://\(first.address):8080/", "http://\(last.address):8080/"])
        post.body = "text"
        _ = try await client.send(post, headers: [:])
        #expect(last.seen.first?.hasPrefix("\(method) / ") == true)
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://127.0.0.1/", "//evil.example/", "http://x@127.0.0.1:8080/", "https://127.0.0.1:8080/",
    ])
    func aRedirectionElsewhereIsNot(_ location: String) async throws {
        let first = try server("302 Found\r\nLocation: \(location)")
        let error = try await failing { try await client.send(request("http://\(first.address):8080/"), headers: [:]) }
        #expect([.notAllowed, .badArgument, "http_failed"].contains(error.code), "\(error)")
        #expect(first.seen.count == 1)
    }

    @Test func aRedirectionToANeighbourIsNot() async throws {
        let last = try server("200 OK", "secret")
        let first = try server("302 Found\r\nLocation: http://\(last.address):8080/admin")
        let error = try await failing { try await client.send(request("http://\(first.address):8080/"), headers: [:]) }
        #expect(error.code == .notAllowed)
        #expect(error.hint?.contains("allow_http = { \"http://\(last.address):8080/\" }") == true)
        #expect(last.seen.isEmpty)
    }

    @Test func redirectionsEnd() async throws {
        let server = try server("302 Found\r\nLocation: /again")
        let error = try await failing { try await client.send(request("http://\(server.address):8080/"), headers: [:]) }
        #expect(error.code == "http_failed")
        #expect(server.seen.count == 6)
    }

    @Test func aLargeAnswerIsGivenUp() async throws {
        let server = try server("200 OK", String(repeating: "x", count: 300_000))
        var small = try request("http://\(server.address):8080/")
        small.most = 1000
        #expect(try await failing { try await client.send(small, headers: [:]) }.code == "too_large")
    }

    @Test func aSilentServerIsNotWaitedForLonger() async throws {
        let server = try OneAnswerServer(answer: nil)
        var short = try request("http://\(server.address):8080/")
        short.timeout = 200
        #expect(try await failing { try await client.send(short, headers: [:]) }.code == .timeout)
    }

    @Test func nobodyThereIsAnError() async throws {
        let error = try await failing { try await client.send(request("http://\(LoopbackAddress.next()):9/"), headers: [:]) }
        #expect(error.code == "http_failed")
        #expect(error.hint != nil)
    }

    @Test func aCertificateThatNobodyVouchesForIsRefused() async throws {
        let scratch = try Scratch()
        let made = try await Program.run(
            "openssl", package: "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", scratch.file("key"), "-out", scratch.file("cert"), "-days", "2",
                "-subj", "/CN=localhost",
            ])
        try #require(made.status == 0, "\(made.output)")
        let address = LoopbackAddress.next()
        let server = Process()
        server.executableURL = URL(fileURLWithPath: try Program.path("openssl", package: "openssl"))
        server.arguments = [
            "s_server", "-accept", "\(address):8443", "-key", scratch.file("key"), "-cert", scratch.file("cert"), "-www", "-quiet",
        ]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try Program.start(server)
        defer { Program.end(server) }
        // It serves: a client that verifies nothing is answered.
        try await eventually("openssl s_server answers") {
            try await Program.run("curl", package: "curl", ["-ksS", "--noproxy", "*", "https://\(address):8443/"]).status == 0
        }
        let error = try await failing { try await client.send(request("https://\(address):8443/"), headers: [:]) }
        #expect(error.code == "http_failed")
        #expect(error.message.lowercased().contains("ssl") || error.message.lowercased().contains("certificate"), "\(error)")
    }
}
