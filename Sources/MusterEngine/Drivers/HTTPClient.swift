import MusterCore

/// A web request as a script asked for it: journaled and compared, so secrets stand in it by name.
public struct HTTPRequest: Sendable, Hashable {
    /// What a header's value is made of, in order.
    public enum Part: Sendable, Hashable {
        case text(String)
        case secret(String)
    }

    /// `GET` or `POST`.
    public var method: String
    public var address: WebAddress
    /// By lower-case name.
    public var headers: [String: [Part]] = [:]
    public var body: String?
    /// Bytes of the answer's body beyond which it is refused.
    public var most: Int = 1 << 20
    /// Milliseconds for everything, redirections included.
    public var timeout: Int64 = 30_000
    /// Under which addresses it may be sent, and sent on to by a redirection.
    public var allowed: [WebAddress]

    public init(method: String, address: WebAddress, allowed: [WebAddress]) {
        self.method = method
        self.address = address
        self.allowed = allowed
    }

    /// Whether an address is one that the operator allows.
    public func mayGo(to address: WebAddress) -> Bool { allowed.contains(where: address.isUnder) }
}

/// What a web server answered.
public struct HTTPResponse: Sendable, Hashable {
    public var status: Int
    /// By lower-case name; several of one name are joined by commas (RFC 9110, section 5.3).
    public var headers: [String: String]
    /// Bytes that are not UTF-8 are replaced.
    public var body: String

    public init(status: Int, headers: [String: String], body: String) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The code that asks web addresses.
public protocol HTTPClient: Sendable {
    /// Sends a request and returns the answer, whatever its status. Follows at most five redirections, each to an address that the
    /// request may go to; headers stay behind when the origin changes. Verifies the server's certificate.
    ///
    /// - Parameter headers: The values of the request's headers with their secrets resolved.
    /// - Throws: `http_failed`, `timeout`, `too_large`, `not_allowed` for a redirection elsewhere.
    func send(_ request: HTTPRequest, headers: [String: Secret]) async throws -> HTTPResponse
}

/// No web: for engines whose scripts ask none.
public struct NoHTTPClient: HTTPClient {
    public init() {}
    public func send(_ request: HTTPRequest, headers: [String: Secret]) async throws -> HTTPResponse {
        throw MusterError("http_failed", "this engine asks no web addresses")
    }
}
