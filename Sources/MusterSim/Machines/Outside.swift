import MusterCore
import MusterEngine

/// The world outside of the fleet: what web addresses and programs answer to scripts, and what they were asked.
public final class Outside {
    /// Something that was asked.
    public struct Asked<Request: Sendable>: Sendable {
        /// Virtual milliseconds since the beginning.
        public var at: Int64
        public var request: Request
    }

    /// Answers to what a pattern fits, one after the other; the last one stays.
    private struct Prepared<Answer> {
        var pattern: String
        var answers: [Result<Answer, MusterError>]
    }

    public private(set) var requests: [Asked<HTTPRequest>] = []
    public private(set) var programs: [Asked<ProgramRequest>] = []
    private var responses: [Prepared<HTTPResponse>] = []
    private var results: [Prepared<ProgramResult>] = []

    public init() {}

    /// Prepares what addresses answer that fit a pattern, in which `*` stands for any text. The latest fitting pattern counts.
    public func answer(_ pattern: String, with answers: [Result<HTTPResponse, MusterError>]) {
        responses.append(Prepared(pattern: pattern, answers: answers))
    }

    /// Prepares how programs end whose path fits a pattern.
    public func execute(_ pattern: String, with answers: [Result<ProgramResult, MusterError>]) {
        results.append(Prepared(pattern: pattern, answers: answers))
    }

    func ask(_ request: HTTPRequest, at: Int64) -> Result<OperationResult, MusterError> {
        requests.append(Asked(at: at, request: request))
        guard let answer = Self.take(&responses, for: "\(request.address)") else {
            return .failure(
                MusterError(
                    "http_failed", "no server answers at \(request.address) in a simulation", hint: "a test says what it answers: sim.http")
            )
        }
        return answer.map { response in
            .value([
                "status": .int(Int64(response.status)), "headers": .object(Fields(response.headers)),
                "body": .string(response.body),
            ])
        }
    }

    func run(_ request: ProgramRequest, at: Int64) -> Result<OperationResult, MusterError> {
        programs.append(Asked(at: at, request: request))
        guard let answer = Self.take(&results, for: request.program) else {
            return .failure(
                MusterError(
                    "exec_failed", "no program \(request.program) is there in a simulation", hint: "a test says how it ends: sim.program"))
        }
        return answer.map { result in
            .value(["code": .int(Int64(result.code)), "output": .string(result.output), "errors": .string(result.errors)])
        }
    }

    private static func take<Answer>(_ prepared: inout [Prepared<Answer>], for text: String) -> Result<Answer, MusterError>? {
        guard let index = prepared.lastIndex(where: { fits(text, $0.pattern) && !$0.answers.isEmpty }) else { return nil }
        return prepared[index].answers.count > 1 ? prepared[index].answers.removeFirst() : prepared[index].answers[0]
    }

    /// Whether a text is as a pattern says, in which `*` stands for any text.
    public static func fits(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(first), text.hasSuffix(last), text.utf8.count >= first.utf8.count + last.utf8.count else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
