import MusterCore
import Testing

/// The estimate of a value's bytes against what it takes as JSON.
@Suite struct ValueSizeTests {
    @Test(
        arguments: [
            .null, 5, .double(1.5), "text", ["a", "b", ["c": "d"]], ["name": "node1", "tags": ["x", "y"]],
            .string(String(repeating: "é", count: 5_000)),
            .array(Array(repeating: ["id": 1, "ok": true, "note": "fine"], count: 100)),
        ] as [Value])
    func itIsNearTheTruth(_ value: Value) {
        let json = value.json.utf8.count
        #expect(value.bytes >= json && value.bytes <= json * 3 + 10, "\(value.bytes) for \(json)")
    }

    @Test func aStepHasItsArgumentsAndItsResult() {
        var step = Step(run: RunID(1), address: "1", name: "log", arguments: ["12345678"], intended: Timestamp(milliseconds: 0))
        let before = step.bytes
        step.outcome = .value(.string(String(repeating: "x", count: 1_000)))
        #expect(before >= 8 && step.bytes >= before + 1_000)
        step.outcome = .error(MusterError("boom", String(repeating: "x", count: 2_000)))
        #expect(step.bytes >= before + 2_000)
    }
}
