import MusterCore
import MusterEngine
import Synchronization

/// Answers everything and remembers what it was asked, as a web server or program would see it.
final class OutsideRecorder: HTTPClient, ProgramRunner {
    let requests = Mutex<[(request: HTTPRequest, headers: [String: String])]>([])
    let programs = Mutex<[ProgramRequest]>([])
    private let statuses: Mutex<[Int]>
    private let codes: Mutex<[Int]>

    /// - Parameters:
    ///   - statuses: The statuses of the answers, one after the other; the last one again and again. 0: the address cannot be asked.
    ///   - codes: The same for what programs end with.
    init(statuses: [Int] = [201], codes: [Int] = [2]) {
        self.statuses = Mutex(statuses)
        self.codes = Mutex(codes)
    }

    private static func next(_ list: borrowing Mutex<[Int]>) -> Int { list.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }

    func send(_ request: HTTPRequest, headers: [String: Secret]) async throws -> HTTPResponse {
        requests.withLock { $0.append((request, headers.mapValues { String(decoding: $0.bytes, as: UTF8.self) })) }
        let status = Self.next(statuses)
        if status == 0 { throw MusterError("http_failed", "nobody answers") }
        return HTTPResponse(status: status, headers: ["x-a": "b"], body: "thanks")
    }

    func run(_ request: ProgramRequest) async throws -> ProgramResult {
        programs.withLock { $0.append(request) }
        return ProgramResult(code: Self.next(codes), output: request.input ?? "", errors: "e")
    }
}
