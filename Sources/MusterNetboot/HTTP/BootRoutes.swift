import Hummingbird
import HTTPTypes
import Logging
import MusterCore
import MusterEngine
import NIOCore
import NIOPosix

/// What the HTTP server answers, by path.
struct BootRoutes: Sendable {
    private let context: BootContext
    private let dhcp: DHCPPart
    private let files: BootFiles
    private let scripts: BootScript

    init(_ context: BootContext, dhcp: DHCPPart) {
        self.context = context
        self.dhcp = dhcp
        files = BootFiles(folder: context.network.files)
        scripts = BootScript(network: context.network)
    }

    /// Who asks, beside what the framework wants to know.
    struct Requester: RequestContext {
        var coreContext: CoreRequestContextStorage
        var address: IPv4Address?

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            address = source.channel.remoteAddress?.ipAddress.flatMap { IPv4Address($0) }
        }
    }

    var responder: some HTTPResponder<Requester> {
        let router = Router(context: Requester.self)
        for method in [HTTPRequest.Method.get, .head] {
            router.on("boot.ipxe", method: method) { request, requester in
                await answer(request, requester) { try await script(try query(request), requester) }
            }
            router.on("files/:name", method: method) { request, requester in
                await answer(request, requester) { try await file(request, requester) }
            }
        }
        router.get("report") { request, requester in
            await answer(request, requester) { try await report(try query(request), requester) }
        }
        router.get("heartbeat") { request, requester in
            await answer(request, requester) { try await heartbeat(try query(request)) }
        }
        return router.buildResponder()
    }

    /// Counts the request, and turns what went wrong into a status and a sentence.
    private func answer(
        _ request: Request, _ requester: Requester, _ body: () async throws -> Response
    ) async -> Response {
        context.counters.received(.http)
        do {
            let response = try await body()
            context.counters.answered(.http)
            return response
        } catch let error as QueryError {
            context.counters.malformed(.http, .badQuery)
            return .plain(.badRequest, error.message)
        } catch let refusal as Refusal {
            context.counters.ignored(.http, refusal.reason, line: refusal.line)
            return .plain(refusal.status, refusal.message)
        } catch let error as MusterError {
            context.counters.ignored(.http, "engine", line: "a request to \(request.uri.path) failed: \(error)")
            return .plain(.serviceUnavailable, error.message)
        } catch {
            context.counters.ignored(.http, "failed", line: "a request to \(request.uri.path) failed: \(error)")
            return .plain(.internalServerError, "the boot service failed")
        }
    }

    private func query(_ request: Request) throws -> BootQuery {
        try BootQuery(request.uri.queryParameters.map { (String($0.key), String($0.value)) })
    }

    private func script(_ query: BootQuery, _ requester: Requester) async throws -> Response {
        let request = try query.bootRequest()
        do {
            // The engine is asked only for a machine that is who it says: its question is a sign of life.
            switch try await holding(request.mac, requester) {
            case .differs: throw Refusal.otherMachine(request.mac, requester.address)
            case .mustRenew: return .plain(.ok, scripts.renewal(request))
            case .holds: break
            }
            let plan = try await context.authority.plan(for: request)
            return .plain(.ok, try scripts.text(for: plan, request: request))
        } catch let error as MusterError {
            // The machine shall show what is wrong and ask again: an HTTP error would end its boot.
            context.counters.ignored(.http, "no_plan", line: "no boot plan for \(request.mac): \(error)")
            return .plain(.ok, scripts.text(for: error, request: request))
        }
    }

    private func holding(_ mac: MACAddress, _ requester: Requester) async throws -> DHCPServer.Holding {
        let declared = try await context.authority.address(for: mac)
        guard let address = requester.address else { return .differs }
        return dhcp.holding(mac, address: address, declared: declared)
    }

    private func file(_ request: Request, _ requester: Requester) async throws -> Response {
        let name = requester.parameters.get("name") ?? ""
        let files = files
        guard let file = try await NIOThreadPool.singleton.runIfActive({ files.file(name) }) else { throw Refusal.noFile }
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .contentLength: String(file.size), .acceptRanges: "bytes",
        ]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        // Files have no validators here, so that one of If-Range never matches: then the whole file is the answer.
        let asked = request.headers[.ifRange] == nil ? request.headers[.range] : nil
        switch ByteRange(asked, size: Int(file.size)) {
        case .whole:
            return Response(status: .ok, headers: headers, body: try await FileIO().loadFile(path: file.path, context: requester))
        case .part(let range):
            headers[.contentLength] = String(range.count)
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(file.size)"
            let body = try await FileIO().loadFile(path: file.path, range: range, context: requester)
            return Response(status: .partialContent, headers: headers, body: body)
        case .outside:
            var response = Response.plain(.rangeNotSatisfiable, "the file has \(file.size) octets")
            response.headers[.contentRange] = "bytes */\(file.size)"
            return response
        }
    }

    private func report(_ query: BootQuery, _ requester: Requester) async throws -> Response {
        try await context.authority.report(try query.machineReport(from: requester.address))
        return .plain(.ok, "ok")
    }

    private func heartbeat(_ query: BootQuery) async throws -> Response {
        let heartbeat = try query.heartbeat()
        let answer = try await context.authority.heartbeat(heartbeat)
        // The acknowledgement says for which claim: on no other does the machine feed its watchdog.
        let epoch = answer == .ok ? heartbeat.epoch.map { " \($0)" } : nil
        return .plain(.ok, answer.rawValue + (epoch ?? ""))
    }
}

/// A well-formed request that gets no for an answer.
struct Refusal: Error {
    var status: HTTPResponse.Status
    /// The counter's name.
    var reason: String
    var message: String
    var line: String?

    static let noFile = Refusal(status: .notFound, reason: "no_file", message: "no such file")

    static func otherMachine(_ mac: MACAddress, _ address: IPv4Address?) -> Refusal {
        Refusal(
            status: .forbidden, reason: "other_machine", message: "this address is not leased to that machine",
            line: "\(address.map(\.description) ?? "somebody") asked for the boot script of \(mac), whose address is another")
    }
}

extension Response {
    static func plain(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.hasSuffix("\n") ? text : text + "\n")))
    }
}
