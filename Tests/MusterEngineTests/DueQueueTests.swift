@testable import MusterEngine
import Testing

/// What is due comes in the order of its time, and of its key at one time, whatever was changed in between.
@Suite struct DueQueueTests {
    @Test func theLastTimeGivenHolds() {
        var queue = DueQueue<Int>()
        queue.set(1, at: 10)
        queue.set(2, at: 20)
        queue.set(1, at: 30)
        #expect(queue.next == 20)
        queue.pull(1, to: 5)
        queue.pull(2, to: 25)
        #expect(queue[1] == 5)
        #expect(queue[2] == 20)
        queue.remove(1)
        #expect(queue.next == 20)
        var popped = queue.pop(dueBy: 19)
        #expect(popped == nil)
        popped = queue.pop(dueBy: 20)
        #expect(popped == 2)
        #expect(queue.isEmpty)
        #expect(queue.next == nil)
    }

    @Test func aQueueIsWhatASortedListWouldBe() {
        var random = SeededGenerator(seed: 7)
        var queue = DueQueue<Int>()
        var model: [Int: Int64] = [:]
        for _ in 1...20_000 {
            let (key, due) = (Int.random(in: 0..<200, using: &random), Int64.random(in: 0..<1_000, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0...1:
                queue.set(key, at: due)
                model[key] = due
            case 2:
                queue.pull(key, to: due)
                model[key] = min(model[key] ?? .max, due)
            case 3:
                queue.remove(key)
                model[key] = nil
            default:
                let first = model.filter { $0.value <= due }.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
                let popped = queue.pop(dueBy: due)
                #expect(popped == first)
                if let first { model[first] = nil }
            }
            #expect(queue.next == model.values.min())
            #expect(queue.count == model.count)
        }
    }
}
