import Foundation
import MusterCore

/// One GET of a URL and the judgement of its status (RFC 9110, section 15).
struct HTTPCheck {
    let endpoint: TCPEndpoint
    let host: String
    let target: String

    /// Errors: `bad_argument` for anything but `http://host[:port][/path]`.
    init(url: String) throws {
        let scheme = "http://"
        guard url.lowercased().hasPrefix(scheme),
            !url.contains(where: { $0.isWhitespace || $0.asciiValue.map { $0 < 32 } == true })
        else {
            throw MusterError(
                .badArgument, "\"\(url)\" cannot be checked", hint: "write a URL like \"http://10.77.0.80/health\", or use tcp")
        }
        let rest = url.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        host = String(rest[..<end])
        endpoint = try TCPEndpoint(host, defaultPort: 80)
        let path = rest[end...].prefix { $0 != "#" }
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// Errors: `not_ready` with what was seen.
    func run(patience: Int64) throws {
        let connection = try TCPConnection(endpoint, patience: patience)
        try connection.send(
            "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: muster\r\nAccept: */*\r\nConnection: close\r\n\r\n")
        let line = try connection.firstLine()
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
            throw connection.failure("its answer is not HTTP")
        }
        guard (200..<400).contains(status) else {
            throw connection.failure("it answers \(line.dropFirst(words[0].count + 1).prefix(80))")
        }
    }
}
