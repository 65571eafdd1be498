import MusterCore
import MusterSim
import Testing

@testable import MusterProving

/// The words by which a test lets something happen.
@Suite(.timeLimit(.minutes(5))) struct SimWordsTests {
    /// A word for each form of a scenario's commands.
    private static let words: [(form: String, call: String, line: String)] = [
        ("power NODE on|off", "sim.power(\"node1\", \"on\")", "power node1 on"),
        ("mains NODE on|off", "sim.mains(\"node1\", false)", "mains node1 off"),
        ("crash NODE", "sim.kill(\"node1\")", "crash node1"),
        ("thaw NODE", "sim.thaw(resources.get(\"node1\"))", "thaw node1"),
        ("shutdown NODE", "sim.shutdown(\"node1\")", "shutdown node1"),
        ("reboot NODE", "sim.reboot(\"node1\")", "reboot node1"),
        ("heartbeat NODE on|off", "sim.heartbeat(\"node1\", \"off\")", "heartbeat node1 off"),
        ("network NODE on|off", "sim.network(\"node1\", \"off\")", "network node1 off"),
        ("storage NODE on|off", "sim.storage(\"node1\", \"off\")", "storage node1 off"),
        ("load NODE NUMBER", "sim.load(\"node1\", 0.9)", "load node1 0.9"),
        ("newcomer NODE", "sim.newcomer(\"machine-525400770007\")", "newcomer machine-525400770007"),
        ("hypervisor NODE ok|silent|lie|refuse", "sim.hypervisor(\"node1\", \"silent\")", "hypervisor node1 silent"),
        ("guest NODE of NODE", "sim.guest(\"node2\", \"node1\")", "guest node2 of node1"),
        ("server NAME move [NODE]", "sim.server(\"shop\"):move(\"node2\")", "server shop move node2"),
        ("bmc NODE ok|silent|lie|refuse|deceive", "sim.bmc(\"node1\"):lie()", "bmc node1 lie"),
        ("bmc NODE on|off", "sim.bmc(\"node1\"):network(\"off\")", "bmc node1 off"),
        ("bmc NODE delay TIME", "sim.bmc(\"node1\"):delay(\"2s\")", "bmc node1 delay 2000ms"),
        ("bmc NODE draws WATTS", "sim.bmc(\"node1\"):draws(95)", "bmc node1 draws 95"),
        ("bmc NODE is NODE", "sim.bmc(\"node1\"):is(\"node2\")", "bmc node1 is node2"),
        ("watchdog NODE hard|soft|none", "sim.watchdog(\"node1\", \"soft\")", "watchdog node1 soft"),
        ("agent NODE answers|silent|lies", "sim.agent(\"node1\", \"lies\")", "agent node1 lies"),
        ("server NAME start|stop", "sim.server(\"shop\"):start()", "server shop start"),
        (
            "server NAME add [KEY=VALUE ...]", "sim.server(\"mail\"):add { memory = 1024, priority = 3 }",
            "server mail add memory=1024 priority=3"
        ),
        ("server NAME remove", "sim.server(\"mail\"):add():remove()", "server mail remove"),
        ("maintenance NODE on|off", "sim.maintenance(\"node1\", true)", "maintenance node1 on"),
        ("maintenance NODE on TIME", "sim.maintenance(\"node1\", \"on\", \"2h\")", "maintenance node1 on 7200000ms"),
        ("fence NODE [confirm-off]", "sim.fence(\"node1\") sim.confirm_off(\"node2\")", "fence node2 confirm-off"),
        ("arm", "sim.arm()", "arm"),
        ("disarm [TIME]", "sim.disarm() sim.disarm(\"2h\")", "disarm 7200000ms"),
        ("emit EVENT [KEY=VALUE ...]", "sim.emit(\"user.done\", { note = \"two words\" })", "emit user.done note=two words"),
        ("engine crash [TIME]", "sim.engine.crash() sim.engine.crash(\"10s\")", "engine crash 10000ms"),
        ("engine stop|start", "sim.engine.stop() sim.engine.start()", "engine start"),
        ("engine network on|off", "sim.engine.network(\"off\")", "engine network off"),
        ("engine split on|off", "sim.engine.split(\"on\")", "engine split on"),
        ("engine stall TIME", "sim.engine.stall(3)", "engine stall 3000ms"),
        ("disk full|free", "sim.disk_full() sim.disk_free()", "disk free"),
    ]

    @Test func eachFormOfACommandHasAWord() {
        let known = Set(Self.words.map(\.form)).union(["export SERVER die"])
        for form in Command.forms.map(\.form) { #expect(known.contains(form), "\(form) has no word in tests") }
    }

    @Test(arguments: words.map(\.form)) func aWordIsItsCommand(form: String) throws {
        let word = try #require(Self.words.first { $0.form == form })
        let result = try TestFolder.runBody("\(word.call) print(sim.story())")
        #expect(result.output.first?.contains("command    \(word.line)") == true, "\(result)")
    }

    @Test func anyLineOfAScenarioIsAWord() throws {
        let result = try TestFolder.runBody("sim.command \"bmc node2  silent\" expect(sim.machine(\"node2\").bmc):to_be \"silent\"")
        #expect(result.isPassed, "\(result)")
        #expect(try TestFolder.runBody("sim.command \"krash node1\"").failure?.error.hint == "did you mean crash?")
    }

    @Test func aSplitNetworkHeals() throws {
        let result = try TestFolder.runBody(
            """
            sim.split("node1", "node2")
            expect(sim.machine("node1").network):to_be_false()
            sim.heal("node1")
            expect(sim.machine("node1").network):to_be_true()
            sim.split()
            sim.heal()
            expect(sim.machine("node2").network):to_be_true()
            """)
        #expect(result.isPassed, "\(result)")
    }

    @Test(arguments: [
        ("sim.kil(\"node1\")", "sim has no \"kil\""), ("sim.kill()", "the name is missing"),
        ("sim.kill(\"node9\")", "there is no machine \"node9\""),
        ("sim.power(\"node1\", \"maybe\")", "say \"on\" or \"off\""), ("sim.run()", "sim.run: the time is missing"),
        ("sim.run(\"soon\")", "is no length of time"), ("sim.run_until(\"5m\")", "the condition is a string"),
        ("events.cont()", "events has no \"cont\""), ("sim.start() sim.seed(3)", "the fleet of this test is there already"),
        ("sim = {}", "assignment"), ("sim.kill = 1", "read-only"),
    ])
    func aWrongWordSaysWhatIsWrong(body: String, says: String) throws {
        let error = try #require(try TestFolder.runBody(body).failure?.error)
        #expect(error.message.contains(says), "\(error)")
        #expect(error.place?.hasSuffix("a_test.lua:1") == true, "\(error)")
    }
}
