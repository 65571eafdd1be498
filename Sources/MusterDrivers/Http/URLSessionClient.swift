import Foundation
import FoundationNetworking
import MusterCore
import MusterEngine

/// Web requests by `URLSession` (libcurl), one session for each, so that no cookie, cache or connection of one policy serves another.
public struct URLSessionClient: HTTPClient {
    static let redirectionLimit = 5

    public init() {}

    public func send(_ request: HTTPRequest, headers: [String: Secret]) async throws -> HTTPResponse {
        let watch = Stopwatch()
        var turn = WebTurn(request, headers)
        for _ in 0...Self.redirectionLimit {
            let left = request.timeout - watch.elapsed
            guard left > 0 else { throw WebExchange.late(request) }
            let response = try await WebExchange(turn, request, patience: left).response()
            guard let next = try turn.redirected(by: response, request) else { return response }
            turn = next
        }
        throw MusterError(
            "http_failed", "\(request.address.origin) redirects more than \(Self.redirectionLimit) times",
            hint: "ask the address where it ends")
    }
}

/// One request of a chain of redirections.
struct WebTurn {
    var method: String
    var address: WebAddress
    var headers: [String: Secret]
    var body: String?

    init(_ request: HTTPRequest, _ headers: [String: Secret]) {
        method = request.method
        address = request.address
        self.headers = headers
        body = request.body
    }

    /// The request that a response sends on to; nil when it is an answer (RFC 9110, section 15.4). Errors: `not_allowed`, `http_failed`.
    func redirected(by response: HTTPResponse, _ request: HTTPRequest) throws -> WebTurn? {
        guard [301, 302, 303, 307, 308].contains(response.status), let location = response.headers["location"] else { return nil }
        var next = self
        next.address = try target(location)
        guard request.mayGo(to: next.address) else {
            throw MusterError(
                .notAllowed, "\(address.origin) redirects to \(next.address.origin)\(next.address.path), which is not allowed",
                hint: "the operator allows it in fleet.lua: settings { allow_http = { \"\(next.address.origin)/\" } }")
        }
        // What was meant for one server is not shown to another.
        if next.address.origin != address.origin { next.headers = headers.filter { $0.key == "content-type" || $0.key == "accept" } }
        if response.status == 303 || response.status < 303 && method == "POST" {
            next.method = "GET"
            next.body = nil
            next.headers["content-type"] = nil
        }
        return next
    }

    private func target(_ location: String) throws -> WebAddress {
        // Whatever Foundation makes of it is read again as strictly as any other address.
        guard let base = URL(string: address.description), let url = URL(string: location, relativeTo: base) else {
            throw MusterError("http_failed", "\(address.origin) redirects to what is no address")
        }
        let text = url.absoluteURL.absoluteString
        return try WebAddress(String(text.prefix { $0 != "#" }))
    }
}
