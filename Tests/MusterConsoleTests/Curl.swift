import ConsoleFixture
import Foundation
import MusterConsole
import Testing

/// The real curl: the API is for anything that speaks HTTP.
enum Curl {
    struct Answer {
        var status: Int
        var body: String
    }

    static func get(_ console: TestConsole, _ path: String) async throws -> Answer { try await run(console, path, []) }

    static func run(_ console: TestConsole, _ path: String, _ arguments: [String]) async throws -> Answer {
        let outcome = try await Program("/usr/bin/curl").run(
            ["--silent", "--max-time", "60", "--unix-socket", console.socket, "--write-out", "\n%{http_code}"] + arguments + [
                "http://muster\(path)"
            ])
        let text = outcome.output
        let cut = try #require(text.lastIndex(of: "\n"))
        return Answer(status: Int(text[text.index(after: cut)...]) ?? 0, body: String(text[..<cut]))
    }
}

/// The engine answers, whatever else went on.
func expectAnswers(_ client: ConsoleClient) async throws {
    let status = try await client.request("status")
    #expect(status["armed"] == true)
}

/// Polls until a condition holds; fails after a generous deadline.
func eventually(_ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(90))
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("the condition did not come true", sourceLocation: sourceLocation)
}
