import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import Testing

/// Errors: their status, and that they arrive whole.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var status: Int
        var code: MusterError.Code
        var testDescription: String { "\(name) \(body)" }
    }

    @Test(arguments: [
        Case(name: "nonsense", body: "{}", status: 404, code: .notFound),
        Case(name: "status", body: "{", status: 400, code: .badJSON),
        Case(name: "status", body: "[1]", status: 400, code: .badArgument),
        Case(name: "run", body: "{}", status: 400, code: .badArgument),
        Case(name: "run", body: #"{"id":99}"#, status: 404, code: .notFound),
        Case(name: "fence", body: #"{"name":"node9"}"#, status: 404, code: .notFound),
        Case(name: "fence", body: #"{"name":"node3"}"#, status: 502, code: .noBMC),
        Case(name: "fence", body: #"{"name":"node1","confirm_off":true}"#, status: 409, code: .wrongState),
        Case(name: "plan", body: #"{"source":"bad","file":"fleet.lua"}"#, status: 422, code: .badFleet),
        Case(name: "script", body: #"{"source":"syntax","file":"x.lua"}"#, status: 422, code: .script),
        Case(name: "apply", body: #"{"source":"","file":"fleet.lua"}"#, status: 409, code: .claimAlive),
    ])
    func anErrorHasItsStatusAndItsCode(request: Case) async throws {
        try await TestConsole.with { console in
            let answer = try await Curl.run(console, "/v1/\(request.name)", ["-d", request.body])
            #expect(answer.status == request.status)
            let error = try Value(json: answer.body).decode(MusterError.self)
            #expect(error.code == request.code)
            #expect(!error.message.isEmpty)
        }
    }

    @Test func theClientThrowsWhatTheEngineSays() async throws {
        try await TestConsole.with { console in
            let failure = await #expect(throws: MusterError.self) {
                try await console.client.request("plan", ["source": "bad", "file": "fleet.lua"])
            }
            #expect(failure?.place == "fleet.lua:3")
            #expect(failure?.hint == "did you mean \"memory\"?")
        }
    }

    @Test func anErrorOfTheStoreIsAnAnswer() async throws {
        try await TestConsole.with { console in
            console.store.failQueries(with: MusterError(.storeFull, "the disk is full", hint: "make room"))
            let answer = try await Curl.get(console, "/v1/runs")
            #expect(answer.status == 507)
            let failure = await #expect(throws: MusterError.self) {
                try await console.client.follow(after: EventID(0)) { _ in true }
            }
            #expect(failure?.code == .storeFull)
        }
    }

    @Test func withoutAnEngineThereIsAHint() async throws {
        try await withFolder { folder in
            let failure = await #expect(throws: MusterError.self) { try await ConsoleClient(folder + "/s").request("status") }
            #expect(failure?.code == "no_engine")
            #expect(failure?.hint?.contains("muster serve") == true)
        }
    }

    @Test func aPathThatIsTooLongIsNoCrash() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        let failure = await #expect(throws: MusterError.self) { try await ConsoleClient(path).request("status") }
        #expect(failure?.code == "no_engine")
    }

    @Test func unknownPathsAreNamed() async throws {
        try await TestConsole.with { console in
            for path in ["/", "/v1", "/v2/status", "/v1/events/nonsense", "/v1/a/b/c"] {
                let answer = try await Curl.get(console, path)
                #expect(answer.status == 404, "\(path)")
                #expect(try Value(json: answer.body)["code"] == "not_found")
            }
        }
    }
}
