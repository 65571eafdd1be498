import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import Testing

/// Requests and their answers over the socket.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RequestTests {
    @Test func everyQueryAnswersOverGetAndPost() async throws {
        try await TestConsole.with { console in
            for name in ["status", "resources", "servers", "images", "events", "runs", "hooks"] {
                let posted = try await console.client.request(name)
                let got = try await Curl.get(console, "/v1/\(name)")
                #expect(got.status == 200)
                #expect(try Value(json: got.body) == posted, "\(name)")
            }
        }
    }

    @Test func ordersWantPost() async throws {
        try await TestConsole.with { console in
            let answer = try await Curl.get(console, "/v1/disarm")
            #expect(answer.status == 405)
            try await expectAnswers(console.client)
            _ = try await console.client.request("disarm")
            #expect(try await console.client.request("status")["armed"] == false)
        }
    }

    @Test func theOperatorIsRecorded() async throws {
        try await TestConsole.with { console in
            _ = try await console.client.request("disarm")
            let events = try await console.client.request("events").array ?? []
            #expect(events.last?["data"]["operator"] == "tester")
        }
    }

    @Test func withoutAHeaderTheOperatorIsTheUserAtTheSocket() async throws {
        try await TestConsole.with { console in
            let answer = try await Curl.run(console, "/v1/evaluate", ["-d", #"{"session":"1","text":"who"}"#])
            #expect(try Value(json: answer.body)["output"].string == UserName.of(getuid()))
        }
    }

    @Test(arguments: ["", "x\u{1}y", String(repeating: "x", count: 65)])
    func anUnfitOperatorNameIsRefused(name: String) async throws {
        try await TestConsole.with { console in
            let client = ConsoleClient(console.socket, operatorName: name)
            await #expect(throws: MusterError.self) { try await client.request("disarm") }
            try await expectAnswers(console.client)
        }
    }

    @Test func queryParametersAreTypedByName() async throws {
        try await TestConsole.with { console in
            for _ in 0..<5 { try await console.emitEvent() }
            let some = try Value(json: try await Curl.get(console, "/v1/events?after=1&limit=2").body)
            #expect(some.array?.map { $0["id"] } == [2, 3])
            let words = try Value(json: try await Curl.get(console, "/v1/complete?session=12&text=serv").body)
            #expect(words == ["servers"])
            #expect(try await Curl.get(console, "/v1/events?limit=many").status == 400)
            #expect(try await Curl.get(console, "/v1/run?id=-1").status == 400)
        }
    }

    @Test func aLargeScriptIsTakenAndATooLargeOneRefused() async throws {
        try await TestConsole.with { console in
            let large = String(repeating: "-- a long script\n", count: 100_000)
            let started = try await console.client.request("script", ["source": .string(large), "file": "large.lua"])
            #expect(started["run"] == 1)
            let tooLarge = String(repeating: "x", count: 5 << 20)
            let failure = await #expect(throws: MusterError.self) {
                try await console.client.request("script", ["source": .string(tooLarge), "file": "large.lua"])
            }
            #expect(failure?.code == "too_large")
            try await expectAnswers(console.client)
        }
    }

    @Test func manyAskAtOnce() async throws {
        try await TestConsole.with { console in
            let answers = try await withThrowingTaskGroup(of: Value.self, returning: [Value].self) { group in
                for _ in 0..<100 { group.addTask { try await console.client.request("servers") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers).count == 1)
            #expect(answers.count == 100)
        }
    }

    @Test func anAbandonedEvaluationIsCancelledInTheEngine() async throws {
        try await TestConsole.with { console in
            let waiting = Task {
                try await console.client.request("evaluate", ["session": "s", "text": "forever"], timeout: nil)
            }
            try await eventually { await console.scripts.liveSessions["s"] == 1 }
            waiting.cancel()
            _ = await waiting.result
            try await eventually { await console.scripts.liveSessions["abandoned"] == 1 }
            #expect(try await console.client.request("evaluate", ["session": "s", "text": "1"])["output"] == "= 1")
        }
    }

    @Test func aClientStopsWaitingAfterItsTimeout() async throws {
        try await TestConsole.with { console in
            let failure = await #expect(throws: MusterError.self) {
                try await console.client.request("evaluate", ["session": "s", "text": "forever"], timeout: .milliseconds(200))
            }
            #expect(failure?.code == .timeout)
        }
    }
}
