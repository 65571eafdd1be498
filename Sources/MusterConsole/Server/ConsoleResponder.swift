import HTTPTypes
import Hummingbird
import MusterCore
import MusterEngine
import NIOCore
import NIOHTTP1

/// What the console answers, by path.
struct ConsoleResponder: HTTPResponder {
    let control: Control
    /// The largest request body: a fleet file or script of this size is no longer one.
    static let largestBody = 4 << 20

    func respond(to request: Request, context: ConsoleContext) async throws -> Response {
        do {
            return try await answer(request, context)
        } catch let error as MusterError {
            return Response(error)
        } catch is NIOTooManyBytesError {
            return Response(
                MusterError("too_large", "the request is larger than \(Quantity.people(bytes: Int64(Self.largestBody)))"))
        } catch let error where !(error is HTTPParserError) {
            return Response(MusterError(unexpected: error))
        }
    }

    private func answer(_ request: Request, _ context: ConsoleContext) async throws -> Response {
        let parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard parts.first == "v1", parts.count >= 2 else { throw Self.unknownPath(request) }
        if parts.count == 2 { return try await answer(parts[1], request, context) }
        guard parts == ["v1", "events", "follow"] else { throw Self.unknownPath(request) }
        guard request.method == .get else { throw Self.wrongMethod(request, "GET") }
        return try await follow(request)
    }

    private func answer(_ name: String, _ request: Request, _ context: ConsoleContext) async throws -> Response {
        let operatorName = try await OperatorName.of(request, context.channel)
        switch request.method {
        case .get where Control.queries.contains(name):
            return try await answer(name, try RequestArguments.value(query: request), operatorName)
        case .post:
            var request = request
            let body = try await request.collectBody(upTo: Self.largestBody)
            let arguments = try RequestArguments.value(body: body)
            guard name == "evaluate" else { return try await answer(name, arguments, operatorName) }
            // A line of the REPL may wait for hours: whoever gives up waiting for it gives it up.
            return try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await answer(name, arguments, operatorName)
            }
        case .get:
            throw Self.wrongMethod(request, "POST")
        default:
            throw Self.wrongMethod(request, Control.queries.contains(name) ? "GET or POST" : "POST")
        }
    }

    /// The engine's answer, for as long as this task lives: a stopping server does not wait for what cannot be cancelled.
    private func answer(_ name: String, _ arguments: Value, _ operatorName: String) async throws -> Response {
        let control = control
        let answering = Task { try await control.answer(name, arguments, operatorName: operatorName) }
        let (results, result) = AsyncStream.makeStream(of: Result<Value, any Error>.self)
        Task { result.yield(await answering.result) }
        for await result in results { return Response(try result.get()) }
        answering.cancel()
        throw CancellationError()
    }

    private func follow(_ request: Request) async throws -> Response {
        let after = try RequestArguments.value(query: request)["after"].int.map { EventID($0) }
        let feed = try await EventFeed(control.loop, after: after)
        let body = ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await feed.run { lines in try await writer.write(ByteBuffer(string: lines)) }
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }

    private static func unknownPath(_ request: Request) -> MusterError {
        MusterError(.notFound, "there is nothing at \(request.uri.path)", hint: "requests are /v1/NAME; see docs/api.md")
    }

    private static func wrongMethod(_ request: Request, _ wanted: String) -> MusterError {
        MusterError(
            "wrong_method", "\(request.uri.path) wants \(wanted), not \(request.method.rawValue)", hint: "see docs/api.md")
    }
}

/// What the framework hands to the responder, and the connection it came by.
struct ConsoleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension Response {
    /// An answer as JSON.
    init(_ value: Value, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.json + "\n")))
    }

    /// An error as JSON, under the status that fits it.
    init(_ error: MusterError) {
        self.init((try? Value(encoding: error)) ?? .null, status: HTTPResponse.Status(code: ErrorStatus.code(for: error)))
    }
}
