import Foundation
import MusterCore
import Synchronization
import Testing

@testable import MusterDrivers

@Suite struct SerialLanesTests {
    /// What the calls of a test saw.
    private final class Notes: @unchecked Sendable {
        private let lock = NSLock()
        private var numbers: [Int: [Int]] = [:]
        let inside = Atomic<Int>(0)
        let most = Atomic<Int>(0)

        var order: [Int: [Int]] { lock.withLock { numbers } }

        func note(_ number: Int, of lane: Int) { lock.withLock { numbers[lane, default: []].append(number) } }

        func visit() {
            most.max(inside.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .sequentiallyConsistent)
            inside.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    @Test func callsOfOneLaneAreMadeInOrder() async throws {
        let lanes = SerialLanes<Int>(pool: ThreadPool(name: "test", limit: 4))
        let notes = Notes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    for number in 0..<50 {
                        try await lanes.run(lane) { notes.note(number, of: lane) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let expected = Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, Array(0..<50)) })
        #expect(notes.order == expected)
    }

    @Test func oneLaneNeverRunsTwoCallsAtOnce() async throws {
        let lanes = SerialLanes<String>(pool: ThreadPool(name: "test", limit: 8))
        let notes = Notes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { try await lanes.run("one") { notes.visit() } } }
            try await group.waitForAll()
        }
        #expect(notes.most.load(ordering: .sequentiallyConsistent) == 1)
    }

    @Test func anErrorReachesTheCallerAndNobodyElse() async throws {
        let lanes = SerialLanes<String>(pool: ThreadPool(name: "test", limit: 1))
        let error = try await failing { try await lanes.run("a") { throw MusterError("boom", "boom") } }
        #expect(error.code == "boom")
        #expect(try await lanes.run("a") { 7 } == 7)
    }
}
