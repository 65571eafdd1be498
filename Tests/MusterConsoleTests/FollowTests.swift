import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import MusterEngine
import Testing

/// The stream of events: every one, once, in order.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FollowTests {
    @Test func historyComesFirstThenThePresent() async throws {
        try await TestConsole.with { console in
            for _ in 0..<3 { try await console.emitEvent() }
            var seen: [Int64] = []
            try await console.client.follow(after: EventID(1)) { event in
                seen.append(event.id.rawValue)
                if seen.count == 2 { try await console.emitEvent() }
                return seen.count < 3
            }
            #expect(seen == [2, 3, 4])
        }
    }

    @Test func withoutANumberItStartsAtNow() async throws {
        try await TestConsole.with { console in
            for _ in 0..<3 { try await console.emitEvent() }
            var seen: [Int64] = []
            try await console.client.follow(after: nil, started: { try await console.emitEvent() }) { event in
                seen.append(event.id.rawValue)
                return false
            }
            #expect(seen == [4])
        }
    }

    @Test func noGapAndNoDuplicateUnderLoad() async throws {
        try await TestConsole.with { console in
            let count = 1200
            try await withThrowingTaskGroup(of: [Int64].self) { group in
                for start in [0, 0, 200, 600] {
                    group.addTask {
                        var seen: [Int64] = []
                        try await console.client.follow(after: EventID(Int64(start))) { event in
                            seen.append(event.id.rawValue)
                            return seen.count < count - start
                        }
                        return seen
                    }
                }
                // Four writers at once, so that batches hold many events and few.
                group.addTask {
                    try await withThrowingTaskGroup(of: Void.self) { writers in
                        for _ in 0..<4 {
                            writers.addTask { for _ in 0..<(count / 4) { try await console.emitEvent() } }
                        }
                        try await writers.waitForAll()
                    }
                    return []
                }
                for try await seen in group where !seen.isEmpty {
                    let first = try #require(seen.first)
                    #expect(seen == Array(first...Int64(count)))
                }
            }
        }
    }

    @Test func aSlowClientLosesNothing() async throws {
        try await TestConsole.with { console in
            let count = 800
            var seen: [Int64] = []
            try await console.client.follow(after: EventID(0), started: { for _ in 0..<count { try await console.emitEvent() } }) { event in
                seen.append(event.id.rawValue)
                if seen.count % 100 == 0 { try await Task.sleep(for: .milliseconds(20)) }
                return seen.count < count
            }
            #expect(seen == Array(1...Int64(count)))
        }
    }

    @Test func aClientThatNeverReadsHoldsUpNobodyAndNotTheEnd() async throws {
        try await TestConsole.with { console in
            let stalled = try RawSocket.open(console.socket)
            defer { close(stalled) }
            let request = Array("GET /v1/events/follow?after=0 HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            #expect(Glibc.send(stalled, request, request.count, Int32(MSG_NOSIGNAL)) == request.count)
            // More than the socket's buffers take.
            for _ in 0..<2500 { try await console.emitEvent() }
            try await expectAnswers(console.client)
        }
    }

    @Test func aClientThatGoesEndsItsStream() async throws {
        try await TestConsole.with { console in
            for _ in 0..<20 {
                let follower = Task { try await console.client.follow(after: EventID(0)) { _ in true } }
                try await console.emitEvent()
                follower.cancel()
                _ = await follower.result
            }
            // The fixture's end waits for every connection: a stream that went on would hang here.
            try await expectAnswers(console.client)
        }
    }

    @Test func aStoppedEngineEndsTheStream() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/other"
            let (starts, start) = AsyncStream.makeStream(of: Void.self)
            let follower = try await console.serving(at: path) {
                let follower = Task { try await ConsoleClient(path).follow(after: nil, started: { start.yield() }) { _ in true } }
                for await _ in starts { break }
                return follower
            }
            let failure = await #expect(throws: MusterError.self) { try await follower.value }
            #expect(failure?.code == "engine_lost")
        }
    }
}
