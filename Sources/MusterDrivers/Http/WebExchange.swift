import Foundation
import FoundationNetworking
import MusterCore
import MusterEngine

/// One request and its answer, which is collected as it comes, so that a large one is given up before it is in memory.
final class WebExchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let turn: WebTurn
    private let request: HTTPRequest
    private let patience: Int64
    private let lock = NSLock()
    // Guarded by `lock`.
    private var continuation: CheckedContinuation<HTTPResponse, any Error>?
    private var head: HTTPURLResponse?
    private var body = Data()

    /// - Parameter patience: Milliseconds for all of it.
    init(_ turn: WebTurn, _ request: HTTPRequest, patience: Int64) {
        self.turn = turn
        self.request = request
        self.patience = patience
    }

    /// Errors: `http_failed`, `timeout`, `too_large`.
    func response() async throws -> HTTPResponse {
        guard let url = URL(string: turn.address.description), url.host != nil else {
            throw MusterError(.badArgument, "\(turn.address) is no address to ask")
        }
        let session = URLSession(configuration: configuration(), delegate: self, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: message(url))
        let clock = Task { [weak self, patience, request] in
            try await Task.sleep(for: .milliseconds(patience))
            self?.end(.failure(Self.late(request)))
        }
        defer { clock.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            lock.withLock { self.continuation = continuation }
            task.resume()
        }
    }

    private func configuration() -> URLSessionConfiguration {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        // Its own clock ends it; this one stands behind.
        configuration.timeoutIntervalForRequest = Double(patience) / 1000 + 5
        return configuration
    }

    private func message(_ url: URL) -> URLRequest {
        var message = URLRequest(url: url)
        message.httpMethod = turn.method
        message.httpBody = turn.body.map { Data($0.utf8) }
        message.setValue("muster", forHTTPHeaderField: "User-Agent")
        for (name, value) in turn.headers.sorted(by: { $0.key < $1.key }) {
            message.setValue(String(decoding: value.bytes, as: UTF8.self), forHTTPHeaderField: name)
        }
        return message
    }

    /// Ends the exchange, once.
    private func end(_ result: Result<HTTPResponse, any Error>) {
        let waiting = lock.withLock {
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(with: result)
    }

    static func late(_ request: HTTPRequest) -> MusterError {
        MusterError(
            .timeout, "\(request.address.origin) did not answer within \(Quantity.people(milliseconds: request.timeout))",
            hint: "give it more time: timeout = \"60s\"")
    }

    // MARK: URLSessionDataDelegate

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        // Where it may go on to is not for the library to decide.
        completionHandler(nil)
        let head = Self.headers(response)
        end(.success(HTTPResponse(status: response.statusCode, headers: head, body: "")))
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        lock.withLock { head = response as? HTTPURLResponse }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = lock.withLock {
            body.append(data)
            return body.count > request.most
        }
        guard isTooLarge else { return }
        end(
            .failure(
                MusterError(
                    "too_large", "the answer of \(turn.address.origin) has more than \(Quantity.people(bytes: Int64(request.most)))",
                    hint: "ask for less, or allow more: most = \"4M\"")))
        dataTask.cancel()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            if (error as? URLError)?.code == .timedOut { return end(.failure(Self.late(request))) }
            return end(
                .failure(
                    MusterError(
                        "http_failed", "\(turn.address.origin) cannot be asked: \(Self.words(error))",
                        hint: "try it with curl from the engine's host")))
        }
        let (head, body) = lock.withLock { (self.head ?? task.response as? HTTPURLResponse, self.body) }
        guard let head else { return end(.failure(MusterError("http_failed", "\(turn.address.origin) gave no answer"))) }
        end(.success(HTTPResponse(status: head.statusCode, headers: Self.headers(head), body: String(decoding: body, as: UTF8.self))))
    }

    private static func headers(_ response: HTTPURLResponse) -> [String: String] {
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            guard let name = name as? String, let value = value as? String else { continue }
            headers[name.lowercased()] = value
        }
        return headers
    }

    /// The reason without the address: a query may carry what is not to be shown.
    private static func words(_ error: any Error) -> String {
        (error as NSError).localizedDescription.trimmingCharacters(in: .punctuationCharacters)
    }
}
