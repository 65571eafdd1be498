import MusterCore

extension Drivers {
    /// Resolves the secrets of a request's headers, which exist as text from here to the server only.
    func send(_ request: HTTPRequest) async throws -> Value {
        var headers: [String: Secret] = [:]
        for (name, parts) in request.headers {
            var bytes: [UInt8] = []
            for part in parts {
                switch part {
                case .text(let text): bytes += text.utf8
                case .secret(let secret): bytes += try await self.secret(secret, for: name)
                }
            }
            headers[name] = Secret(bytes: bytes)
        }
        let response = try await http.send(request, headers: headers)
        return [
            "status": .int(Int64(response.status)), "headers": .object(Fields(response.headers)),
            "body": .string(response.body),
        ]
    }

    private func secret(_ name: String, for header: String) async throws -> [UInt8] {
        // A file that was read into the secret often ends with a line end.
        var bytes = try await secrets.secret(name).bytes
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard WebCall.isHeaderText(bytes) else {
            throw MusterError(
                .noSecret, "the secret \"\(name)\" cannot stand in the header \(header)",
                hint: "it has several lines: muster secret set \(name)")
        }
        return bytes
    }

    func execute(_ request: ProgramRequest) async throws -> Value {
        let result = try await programs.run(request)
        var fields: Fields = ["code": .int(Int64(result.code)), "output": .string(result.output), "errors": .string(result.errors)]
        if result.isCut { fields["cut"] = true }
        return .object(fields)
    }
}
