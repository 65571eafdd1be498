import MusterCore
import MusterSim
import Testing

@Suite struct ScriptTests {
    @Test func everyFormReadsAndIsWrittenAsItWasRead() throws {
        let lines = [
            "power node1 on", "mains node1 off", "crash node1", "thaw node1", "shutdown node1", "reboot node1", "heartbeat node1 off",
            "network node1 off",
            "storage node1 on", "load node1 0.9", "guest node2 of node1", "hypervisor node1 refuse", "newcomer machine-525400770007",
            "bmc node1 silent", "bmc node1 off", "bmc node1 delay 1500ms", "bmc node1 draws 95", "bmc node1 is node2", "agent node1 silent",
            "watchdog node1 none",
            "server shop start", "server shop stop", "server shop add memory=128 priority=5", "server shop remove", "server shop move",
            "server shop move node2", "maintenance node1 on", "maintenance node1 on 7200000ms",
            "fence node1", "fence node1 confirm-off", "arm", "disarm", "disarm 7200000ms", "emit user.hot rack=7", "engine crash 5000ms",
            "engine stop",
            "engine start", "engine network off", "engine split on", "engine stall 9000ms", "disk full", "disk free", "export shop die",
        ]
        for line in lines {
            let command = try Command(words: line.split(separator: " ").map(String.init))
            #expect(command.description == line)
        }
        let verbs = Set(lines.map { $0.split(separator: " ")[0] })
        #expect(verbs == Set(Command.forms.map { $0.form.split(separator: " ")[0] }))
    }

    @Test func aScriptIsReadWithItsTimesAndComments() throws {
        let script = try Script(text: "# begins\n0s server shop start   # now\n\n1500ms crash node1\nuntil 10m\n", file: "script")
        #expect(script.lines == [.init(at: 0, command: .serverTarget("shop", .running)), .init(at: 1_500, command: .crash("node1"))])
        #expect(script.end == 600_000)
        #expect(try Script(text: script.text, file: "again") == script)
    }

    @Test(arguments: [
        ("0s crash\nuntil 1m", "script:1", "there is no command \"crash\""),
        ("0s crahs node1\nuntil 1m", "script:1", "did you mean crash?"),
        ("0s bmc node1 angry\nuntil 1m", "script:1", "bmc NODE ok|silent|lie"),
        ("soon crash node1\nuntil 1m", "script:1", "\"soon\" is no length of time"),
        ("5s crash node1\n4s thaw node1\nuntil 1m", "script:2", "earlier than the line before"),
        ("5s crash node1\nuntil 1s", "script:2", "ends before its last command"),
        ("until 1m\n2m crash node1", "script:2", "\"until\" is the last line"),
        ("0s crash node1", "script", "has no end"),
        ("0s load node1 nan\nuntil 1m", "script:1", "load NODE NUMBER"),
        ("0s emit user.x =7\nuntil 1m", "script:1", "is no KEY=VALUE"),
        ("0s engine stall forever\nuntil 1m", "script:1", "is no length of time"),
    ])
    func whatIsWrongIsToldWithItsPlace(_ text: String, _ place: String, _ words: String) throws {
        let error = try #require(throws: MusterError.self) { try Script(text: text, file: "script") }
        #expect(error.place == place)
        #expect("\(error.message) \(error.hint ?? "")".contains(words), "\(error)")
    }
}
