import MusterCore
import MusterEngine
import Testing

/// Questions to an operator.
@Suite struct AnswerTests {
    @Test func aScriptsQuestionIsAnsweredByOneOfItsChoices() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "ask", ["switch node3 off?", ["answers": ["yes", "no"]]])
        #expect(bench.count("run.asking") == 1)
        #expect(throws: MusterError.self) {
            try bench.turn { engine, now in try engine.answerRun(run, address: nil, .text("maybe"), operatorName: "ann", now: now) }
        }
        try bench.turn { engine, now in try engine.answerRun(run, address: nil, .text("yes"), operatorName: "ann", now: now) }
        #expect(bench.outcome(run, "1") == .value("yes"))
        #expect(bench.events.last { $0.name == "run.answered" }?.data["operator"] == "ann")
    }

    @Test func aQuestionThatNobodyAnswersInTimeAnswersNothing() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "ask", ["well?", ["timeout": "10s"]])
        bench.pass(9_500)
        #expect(bench.outcome(run, "1") == nil)
        bench.pass(1_000)
        #expect(bench.outcome(run, "1") == .value(.null))
    }

    @Test func twoQuestionsAtOnceAreAnsweredByAddress() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1/1.1", "ask", ["a?", [:]])
        bench.step(run, "1/2.1", "ask", ["b?", [:]])
        #expect(throws: MusterError.self) {
            try bench.turn { engine, now in try engine.answerRun(run, address: nil, .text("x"), operatorName: "ann", now: now) }
        }
        try bench.turn { engine, now in try engine.answerRun(run, address: "1/2.1", .text("x"), operatorName: "ann", now: now) }
        #expect(bench.outcome(run, "1/1.1") == nil)
        #expect(bench.outcome(run, "1/2.1") == .value("x"))
    }
}

/// Machines that a run keeps for itself.
@Suite struct ReservationTests {
    @Test func anotherRunWaitsAndGetsTheMachineAtTheEnd() throws {
        var bench = Bench()
        let (first, second) = (bench.run(), bench.run())
        bench.step(first, "1", "reserve", [["node1", "node2"], [:]])
        #expect(bench.outcome(first, "1") == .value(true))
        bench.step(second, "1", "reserve", [["node2"], [:]])
        #expect(bench.outcome(second, "1") == nil)
        bench.step(second, "2", "resource.power_off", [bench.reference("node2")])
        #expect(bench.errorCode(second, "2") == .reserved)
        bench.turn { engine, now in engine.runEnded(first, .success(.null), now: now) }
        #expect(bench.outcome(second, "1") == .value(true))
    }

    @Test func twoRunsThatWantTheSameInAnotherOrderDoNotBlockEachOther() throws {
        var bench = Bench()
        let (first, second) = (bench.run(), bench.run())
        bench.step(first, "1", "reserve", [["node2", "node1"], [:]])
        bench.step(second, "1", "reserve", [["node1", "node2"], [:]])
        #expect(bench.outcome(second, "1") == nil)
        bench.step(first, "2", "reserve.release", [["node1"]])
        #expect(bench.outcome(second, "1") == nil)
        bench.step(first, "3", "reserve.release", [["node2"]])
        #expect(bench.outcome(second, "1") == .value(true))
    }

    @Test func whatIsNotFreeInTimeIsAnErrorThatNamesTheHolder() throws {
        var bench = Bench()
        let (first, second) = (bench.run(), bench.run())
        bench.step(first, "1", "reserve", [["node1"], [:]])
        bench.step(second, "1", "reserve", [["node1"], ["timeout": "5s"]])
        bench.pass(6_000)
        guard case .error(let error) = bench.outcome(second, "1") else {
            Issue.record("it waits on")
            return
        }
        #expect(error.code == .reserved)
        #expect(error.message.contains("run \(first)"))
    }

    @Test func higherPrecedenceEndsTheHolderAndTakesOver() async throws {
        var bench = Bench()
        let (scaling, failover) = (bench.run(), bench.run())
        bench.step(scaling, "1", "reserve", [["node1"], [:]])
        bench.step(scaling, "2", "sleep", ["1h"])
        bench.step(failover, "1", "reserve", [["node1"], ["priority": 100]])
        #expect(bench.errorCode(scaling, "2") == .cancelled)
        #expect(bench.count("run.preempted") == 1)
        // Its undo may still take steps; the machine is free when it is over.
        #expect(bench.outcome(failover, "1") == nil)
        try await bench.restart()
        bench.turn { engine, now in engine.runEnded(scaling, .failure(MusterError(.cancelled, "x")), now: now) }
        #expect(bench.outcome(failover, "1") == .value(true))
    }
}
