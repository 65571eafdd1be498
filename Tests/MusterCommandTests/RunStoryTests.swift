import MusterCore
import Testing

@testable import muster

/// The story of a run, as it is told.
@Suite struct RunStoryTests {
    private static let start: Int64 = 1_700_000_000_000

    private func run(_ status: Run.Status, finished: Int64? = nil) -> Run {
        var run = Run(
            id: RunID(12), hook: HookID("failover#1"), key: "node1", cause: .event(EventID(45)), code: "x", status: status,
            at: Timestamp(milliseconds: Self.start),
            argument: [
                Value.typeKey: "event", "name": "resource.failed", "resource": [Value.typeKey: "resource", "name": "node1"],
            ], seed: 1)
        run.finished = finished.map { Timestamp(milliseconds: Self.start + $0) }
        return run
    }

    private func step(
        _ address: String, _ name: String, _ arguments: [Value], at: Int64, took: Int64? = nil, _ outcome: Step.Outcome? = nil
    ) -> Step {
        var step = Step(
            run: RunID(12), address: address, name: name, arguments: arguments, intended: Timestamp(milliseconds: Self.start + at)
        )
        step.done = took.map { Timestamp(milliseconds: Self.start + at + $0) }
        step.outcome = outcome
        return step
    }

    private func lines(_ run: Run, _ steps: [Step], now: Int64 = 60_000) -> [String] {
        Array(RunStory(run, steps, Style(isColoured: false), width: nil, now: Self.start + now).lines)
    }

    private let node: Value = [Value.typeKey: "resource", "name": "node1", "state": "failed"]

    @Test func aFailoverIsAStory() {
        let steps = [
            step(
                "2", "resource.servers", [node], at: 4100, took: 1,
                .value([[Value.typeKey: "server", "name": "shop", "state": "placing"]])),
            step("1", "resource.fence", [node], at: 0, took: 4100, .value(["kind": "off", "detail": "read off twice"])),
            step("3", "log", ["done"], at: 4200, took: 0, .value(.null)),
        ]
        let told = lines(run(.done, finished: 14_200), steps)
        #expect(told[0] == "run 12 · failover#1 for node1 · done")
        #expect(told[1] == "started by event 45, resource.failed node1")
        #expect(told[2].hasSuffix(", 1 min ago"))
        #expect(
            told[3...] == [
                "", "      0 ms  resource.fence(node1)  4.1 s", "            → off: read off twice",
                "     4.1 s  resource.servers(node1)",
                "            → [shop (placing)]", "     4.2 s  log(\"done\")", "", "done after 14.2 s",
            ])
    }

    @Test func anErrorIsToldWhereItHappened() {
        let error = MusterError(.bmcSilent, "the BMC does not answer", hint: "look at its cable", place: "failover.lua:3")
        var failed = run(.failed, finished: 5000)
        failed.error = error
        let told = lines(failed, [step("1", "resource.fence", [node], at: 0, took: 5000, .error(error))])
        #expect(
            told[3...] == [
                "", "      0 ms  resource.fence(node1)  5.0 s", "            ✗ the BMC does not answer [bmc_silent]",
                "              hint: look at its cable", "", "failed after 5.0 s",
                "  error: failover.lua:3: the BMC does not answer [bmc_silent]", "  hint: look at its cable",
            ])
    }

    @Test func whatGoesOnIsCounted() {
        let told = lines(run(.running), [step("1", "server.wait_ready", ["shop"], at: 1000)], now: 4000)
        #expect(told.contains("            … for 3.0 s"))
        #expect(told.last == "it is running, for 4.0 s so far")
    }

    @Test func branchesAreIndented() {
        let told = lines(run(.done, finished: 10), [step("4/2.1", "sleep", ["1s"], at: 1, took: 1, .value(.null))])
        #expect(told.contains("      1 ms    sleep(\"1s\")"))
    }

    @Test func aNarrowTerminalCutsLongCalls() {
        let long = step("1", "log", [.string(String(repeating: "x", count: 300))], at: 0, took: 0, .value(.null))
        let told = RunStory(run(.done, finished: 10), [long], Style(isColoured: false), width: 80, now: Self.start).lines
        #expect(told.allSatisfy { TextWidth.of($0) <= 80 })
    }
}
