import Foundation
import MusterCore
import MusterEngine
import Testing

/// What answers of `decide` hooks can do, and what not.
@Suite struct DecideTests {
    private static let stranger = MACAddress("52:54:00:77:00:99")!  // a literal that parses

    private func bench() -> Bench {
        var bench = Bench()
        bench.load("d.lua", [HookDeclaration(id: HookID("d#1"), trigger: .question("boot"), place: "d.lua:1")])
        bench.turn { engine, now in engine.tick(now: now) }
        return bench
    }

    private func decided(_ result: Result<Value, MusterError>) -> Decision {
        Decision(answers: [Decision.Answer(hook: HookID("d#1"), result: result)])
    }

    private func plan(_ bench: inout Bench, _ mac: MACAddress, _ answer: Result<Value, MusterError>?) -> BootPlan {
        bench.turn { engine, now in engine.plan(for: BootRequest(mac: mac), decision: answer.map(decided), now: now) }
    }

    private func question(_ bench: Bench, _ mac: MACAddress) -> Question? {
        bench.engine.bootQuestion(BootRequest(mac: mac, arch: "arm64"), now: bench.now)
    }

    @Test func theQuestionCarriesASnapshot() throws {
        let bench = bench()
        let known = try #require(question(bench, Bench.mac))
        #expect(known.request["resource"]["name"] == "node1" && known.request["servers"].array?.count == 1)
        #expect(known.hooks.map(\.hook) == [HookID("d#1")])
        let unknown = try #require(question(bench, Self.stranger))
        #expect(
            unknown.request["resource"].isNull && unknown.request["arch"] == "arm64"
                && unknown.request["mac"] == .string(Self.stranger.description))
    }

    @Test func withoutAHookNothingIsAsked() {
        #expect(question(Bench(), Bench.mac) == nil)
    }

    @Test(
        arguments: [nil, .success(.null), .success(["plan": "discover"]), .failure(MusterError(.timeout, "late"))]
            as [Result<Value, MusterError>?])
    func theEnginesOwnAnswerHolds(_ answer: Result<Value, MusterError>?) {
        var bench = bench()
        for mac in [Bench.mac, Self.stranger] {
            guard case .discover = plan(&bench, mac, answer) else {
                Issue.record("it is not discovered")
                return
            }
        }
        #expect(bench.count("decide.failed") == (answer.map { if case .failure = $0 { true } else { false } } == true ? 1 : 0))
    }

    @Test(
        arguments: [
            ["plan": "image", "server": "shop"], ["plan": "image"], "image", ["plan": 1], 7, ["plan": "wait"], ["discover"],
        ] as [Value]) func noAnswerGrantsAnImage(_ answer: Value)
    {
        var bench = bench()
        guard case .discover = plan(&bench, Bench.mac, .success(answer)) else {
            Issue.record("it is not discovered")
            return
        }
        let failed = bench.events.last { $0.name == "decide.failed" }
        #expect(failed?.data["hook"] == "d#1" && failed?.data["question"] == "boot")
        #expect(failed?.data["hint"]?.string?.contains("claim") == true)
    }

    @Test func aMachineWithAClaimIsNotAskedAboutAndBootsItsImage() throws {
        var bench = bench()
        _ = try bench.runShop()
        #expect(question(bench, Bench.mac) == nil)
        guard case .image = plan(&bench, Bench.mac, .success(["plan": "local"])) else {
            Issue.record("it does not get its image")
            return
        }
    }

    @Test func oneAnswerHoldsForAWholeBoot() async throws {
        for mac in [Bench.mac, Self.stranger] {
            var bench = bench()
            #expect(plan(&bench, mac, .success(["plan": "local"])) == .local)
            // It asks again within its boot: nobody is asked, and nothing else can be answered.
            for _ in 1...5 {
                bench.pass(30_000)
                #expect(question(bench, mac) == nil)
                #expect(plan(&bench, mac, .success(["plan": "discover"])) == .local)
            }
            #expect(bench.count("resource.booting") == (mac == Bench.mac ? 1 : 0))
            bench.pass(61_000)
            #expect(question(bench, mac) != nil)
            guard case .discover = plan(&bench, mac, .success(["plan": "discover"])) else {
                Issue.record("the answer of the last boot holds for ever")
                return
            }
        }
    }

    @Test func theAnswerIsKnownAfterARestart() async throws {
        var bench = bench()
        #expect(plan(&bench, Bench.mac, .success(["plan": "local"])) == .local)
        try await bench.restart()
        #expect(question(bench, Bench.mac) == nil)
        #expect(plan(&bench, Bench.mac, nil) == .local)
    }

    @Test func aReportEndsTheBoot() throws {
        var bench = bench()
        try bench.boot(Bench.mac, id: "b1")
        #expect(question(bench, Bench.mac) != nil)
    }

    @Test func aLocalBootIsNoStartThatTakesTooLong() {
        var bench = bench()
        _ = plan(&bench, Bench.mac, .success(["plan": "local"]))
        bench.pass(400_000)
        #expect(bench.count("resource.start_timeout") == 0)
    }

    @Test func failuresAreToldOnceAMinute() {
        var bench = bench()
        for number in 0..<100 {
            guard let mac = MACAddress(octets: [2, 0, 0, 0, 0, UInt8(number)]) else { continue }
            _ = plan(&bench, mac, .failure(MusterError(.script, "broken", place: "d.lua:2")))
            bench.pass(1_000)
        }
        #expect(bench.count("decide.failed") == 2)
    }

    @Test func theAnswersToPlaceOrderAndRefuseCandidates() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        for name in ["node1", "node2"] { bench.reads(name, .off) }
        bench.load("p.lua", [HookDeclaration(id: HookID("p#1"), trigger: .question("place"), place: "p.lua:1")])
        let run = bench.run()
        bench.step(run, "1", "server.candidates", [["name": "shop"], [:]])
        guard case .decide(let question)? = bench.operations.last?.operation else {
            Issue.record("nobody was asked")
            return
        }
        #expect(question.request["server"]["name"] == "shop")
        #expect(question.request["candidates"].array?.map { $0["name"] } == ["node1", "node2"])
        let answers = Decision(answers: [
            Decision.Answer(hook: HookID("p#1"), result: .success([["score": 2], ["score": 5]])),
            Decision.Answer(hook: HookID("p#2"), result: .success([["score": 0.5], ["veto": "hot"]])),
            Decision.Answer(hook: HookID("p#3"), result: .failure(MusterError(.timeout, "late"))),
            Decision.Answer(hook: HookID("p#4"), result: .success("nonsense")),
        ])
        try bench.answer(.success(.decision(answers))) { if case .decide = $0 { true } else { false } }
        guard case .value(let found) = bench.outcome(run, "1") else { return #expect(Bool(false), "no answer") }
        #expect(found["machines"].array?.map { $0["name"] } == ["node1"])
        #expect(found["refused"] == ["node2": "hot"])
        #expect(bench.count("decide.failed") == 1)
    }

    @Test func hooksAreAskedWhenAllMachinesHaveBeenLookedAt() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        bench.reads("node1", .off)
        bench.load("p.lua", [HookDeclaration(id: HookID("p#1"), trigger: .question("place"), place: "p.lua:1")])
        let run = bench.run()
        bench.step(run, "1", "server.candidates", [["name": "shop"], [:]])
        guard case .value(let first) = bench.outcome(run, "1") else { return #expect(Bool(false), "hooks are asked about a part") }
        #expect(first["machines"] == [] && first["unseen"].array?.map { $0["name"] } == ["node2"])
        bench.reads("node2", .off)
        bench.step(run, "2", "server.candidates", [["name": "shop"], ["looked": true]])
        guard case .decide(let question)? = bench.operations.last?.operation else { return #expect(Bool(false), "nobody was asked") }
        #expect(question.request["candidates"].array?.count == 2)
    }

    @Test func aReservationIsMadeOfWhatHooksAllowWhenTheyHaveSpoken() throws {
        var bench = Bench()
        bench.turn { engine, now in engine.tick(now: now) }
        for name in ["node1", "node2"] { bench.reads(name, .off) }
        bench.load("p.lua", [HookDeclaration(id: HookID("p#1"), trigger: .question("place"), place: "p.lua:1")])
        let (run, other) = (bench.run(), bench.run())
        bench.step(run, "1", "server.reserve", [["name": "shop"], [:]])
        // While the hooks are asked another run takes the one that they like best.
        bench.step(other, "1", "reserve", [["node2"], [:]])
        let answers = Decision(answers: [Decision.Answer(hook: HookID("p#1"), result: .success([["score": 1], ["score": 5]]))])
        try bench.answer(.success(.decision(answers))) { if case .decide = $0 { true } else { false } }
        guard case .value(let found) = bench.outcome(run, "1") else { return #expect(Bool(false), "no answer") }
        #expect(found["machine"]["name"] == "node1")
    }
}
