import MusterCore

/// The arguments of `http.get` and `http.post`, checked.
struct WebCall {
    private let call: EffectCall
    private let options: Value

    private static let largestAnswer: Int64 = 8 << 20
    /// Headers by which a script could reach another server than the one it names, or break the request apart.
    private static let refused: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "keep-alive",
        "proxy-authorization",
        "proxy-connection",
    ]

    /// Errors: `bad_argument`.
    init(_ call: EffectCall, optionsAt index: Int) throws {
        self.call = call
        options = try call.options(at: index, known: ["headers", "timeout", "most"] + (index == 2 ? ["repeatable"] : []))
    }

    /// Errors: `bad_argument`; `not_allowed` with the setting that would allow it.
    func request(_ method: String, _ settings: PolicySettings) throws -> HTTPRequest {
        let address = try WebAddress(try call.text(0, "a web address"))
        var request = HTTPRequest(method: method, address: address, allowed: settings.allowHTTP)
        guard request.mayGo(to: address) else {
            throw MusterError(
                .notAllowed, "\(call.step.name) may not ask \(address.origin)\(address.path)",
                hint: "the operator allows it in fleet.lua: settings { allow_http = { \"\(address.origin)/\" } }")
        }
        for (name, value) in options["headers"].object ?? [:] {
            request.headers[try headerName(name)] = try parts(value, of: name, settings)
        }
        if method == "POST" { takeBody(call.argument(1), into: &request) }
        request.timeout = try call.timeout(options)
        request.most = try most()
        return request
    }

    private func takeBody(_ body: Value, into request: inout HTTPRequest) {
        let isText = body.string != nil || body.isNull
        request.body = isText ? body.string ?? "" : body.json
        if request.headers["content-type"] == nil {
            request.headers["content-type"] = [.text(isText ? "text/plain; charset=utf-8" : "application/json")]
        }
    }

    private func most() throws -> Int {
        if options["most"].isNull { return 1 << 20 }
        let bytes = options["most"].int ?? options["most"].string.flatMap { try? Quantity.bytes($0) }
        guard let bytes, (0...Self.largestAnswer).contains(bytes) else {
            throw MusterError(.badArgument, "\(call.step.name): most is \(options["most"].json)", hint: "a size up to 8M: most = \"1M\"")
        }
        return Int(bytes)
    }

    /// A token (RFC 9110, section 5.6.2), lower case.
    private func headerName(_ name: String) throws -> String {
        let others = Set("!#$%&'*+-.^_`|~".utf8)
        let isToken =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte < 0x80
                    && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber || others.contains(byte))
            }
        guard isToken, !Self.refused.contains(name.lowercased()) else {
            throw MusterError(.badArgument, "\(call.step.name): a script may not set the header \(Value.string(name).json)")
        }
        return name.lowercased()
    }

    /// A text, a secret, or a list of them that is joined.
    private func parts(_ value: Value, of name: String, _ settings: PolicySettings) throws -> [HTTPRequest.Part] {
        try (value.array ?? [value]).map { part in
            if let secret = part["secret"].string {
                guard settings.allows(secret: secret) else {
                    throw MusterError(
                        .notAllowed, "\(call.step.name) may not send the secret \"\(secret)\"",
                        hint: "the operator allows it in fleet.lua: settings { allow_secrets = { \"\(secret)\" } }")
                }
                return .secret(secret)
            }
            guard let text = part.string ?? part.int.map(String.init), Self.isHeaderText(text.utf8) else {
                throw MusterError(
                    .badArgument, "\(call.step.name): the header \(name) is \(part.json), not a line of text or a secret",
                    hint: "headers = { Authorization = { \"Bearer \", secret \"webhook/token\" } }")
            }
            return .text(text)
        }
    }

    /// Whether bytes can stand in a header's value: no line ends, no control characters (RFC 9110, section 5.5).
    static func isHeaderText(_ bytes: some Sequence<UInt8>) -> Bool { bytes.allSatisfy { $0 == 9 || ($0 >= 0x20 && $0 != 0x7f) } }
}
