import MusterCore

// A command as text: the grammar of scenarios, both ways.
extension Command: CustomStringConvertible {
    /// Each form with what its words are: the reference for people, and what an unknown command is compared with.
    public static let forms: [(form: String, meaning: String)] = [
        ("power NODE on|off", "its power button, whatever its controller does"),
        ("mains NODE on|off", "the mains of machine and controller"),
        ("crash NODE", "its system hangs, with power on"),
        ("thaw NODE", "a system that hung goes on"),
        ("shutdown NODE", "its system shuts down in order and powers off"),
        ("reboot NODE", "its system restarts in order"),
        (
            "heartbeat NODE on|off",
            "its heartbeats: off, the process that sends them is dead until its next boot, and all else goes on, its guests too"
        ),
        ("network NODE on|off", "the network between it and the engine"),
        ("storage NODE on|off", "the way from it to its storage"),
        ("load NODE NUMBER", "the load of each of its processors, which its heartbeats carry"),
        ("newcomer NODE", "a machine that is declared nowhere is plugged in, named machine-MAC"),
        ("guest NODE of NODE", "it is a virtual machine on another: what befalls that befalls it; a declared one is moved there by hand"),
        (
            "hypervisor NODE ok|silent|lie|refuse",
            "how it answers for its guests: it does; not at all; says done and does nothing; takes no orders"
        ),
        (
            "bmc NODE ok|silent|lie|refuse|deceive",
            "its controller answers; not at all; says done and stays as it is; takes no orders; reads what was ordered and stays as it is"
        ),
        ("bmc NODE on|off", "the network between the engine and its controller"),
        ("bmc NODE delay TIME", "how long its controller takes to answer"),
        ("bmc NODE draws WATTS", "its controller measures what it draws while it is on; 0: it has no meter, as at the beginning"),
        ("bmc NODE is NODE", "its controller is cabled to another machine"),
        (
            "agent NODE answers|silent|lies",
            "the outlet by which a fence agent switches it off: answers, does not, says done and stays as it is"
        ),
        ("watchdog NODE hard|soft|none", "what it has to arm from its next boot on: a watchdog of its own, the kernel's softdog, nothing"),
        ("server NAME start|stop", "the operator wants it to run, or not"),
        ("server NAME move [NODE]", "the operator moves it, to a machine or to the best one"),
        ("server NAME add [KEY=VALUE ...]", "declares it: image, memory (MiB), cpus, priority, address, pool"),
        ("server NAME remove", "it is declared no more"),
        ("maintenance NODE on|off", "the operator takes it out of use, or returns it"),
        ("maintenance NODE on TIME", "the operator takes it out of use for so long"),
        ("fence NODE [confirm-off]", "the operator orders a fence, or says that it is off"),
        ("arm", "the operator lets failovers happen"),
        ("disarm [TIME]", "the operator wants no failovers, for so long or until armed again"),
        ("emit EVENT [KEY=VALUE ...]", "a program tells an event of its own"),
        ("engine crash [TIME]", "the engine is killed, and started again after TIME (5s)"),
        ("engine stop|start", "the engine is killed, or started"),
        ("engine network on|off", "its network card has a link, or none, which it sees"),
        ("engine split on|off", "it reaches nothing and sees no reason"),
        ("engine stall TIME", "its loop stands still"),
        ("disk full|free", "the disk of the engine's store"),
        ("export SERVER die", "the export of its image ends without being cut"),
    ]

    /// Reads a command's words. Errors: `bad_argument`, with the nearest form as its hint.
    public init(words: [String]) throws(MusterError) {
        guard let command = try Self.parse(words) else { throw Self.unknown(words) }
        self = command
    }

    private static func parse(_ words: [String]) throws(MusterError) -> Command? {
        let name = words.count > 1 ? words[1] : ""
        let last = words.last ?? ""
        let toggle = Switch(rawValue: last)
        switch (words.first ?? "", words.count) {
        case ("power", 3): return toggle.map { .power(name, $0) }
        case ("mains", 3): return toggle.map { .mains(name, $0) }
        case ("heartbeat", 3): return toggle.map { .heartbeat(name, $0) }
        case ("network", 3): return toggle.map { .network(name, $0) }
        case ("storage", 3): return toggle.map { .storage(name, $0) }
        case ("maintenance", 3): return toggle.map { .maintenance(name, $0) }
        case ("maintenance", 4): return words[2] == "on" ? .maintenance(name, .on, length: try time(last)) : nil
        case ("crash", 2): return .crash(name)
        case ("thaw", 2): return .thaw(name)
        case ("shutdown", 2): return .shutdown(name)
        case ("reboot", 2): return .reboot(name)
        case ("load", 3): return Double(last).flatMap { $0.isFinite && $0 >= 0 ? .load(name, $0) : nil }
        case ("newcomer", 2): return Self.mac(ofNewcomer: name) == nil ? nil : .newcomer(name)
        case ("guest", 4): return words[2] == "of" ? .guest(name, of: last) : nil
        case ("hypervisor", 3): return SimulatedHypervisor(rawValue: last).map { .hypervisor(name, $0) }
        case ("agent", 3): return SimulatedOutlet(rawValue: last).map { .agent(name, $0) }
        case ("watchdog", 3): return SimulatedWatchdog(rawValue: last).map { .watchdog(name, $0) }
        case ("bmc", 3...4): return try controller(name, Array(words.dropFirst(2)))
        case ("server", 3...): return try server(name, Array(words.dropFirst(2)))
        case ("fence", 2): return .fence(name)
        case ("fence", 3): return last == "confirm-off" ? .confirmOff(name) : nil
        case ("arm", 1): return .arm(.on)
        case ("disarm", 1): return .arm(.off)
        case ("disarm", 2): return .arm(.off, length: try time(last))
        case ("emit", 2...): return .emit(name, try pairs(words.dropFirst(2)))
        case ("engine", 2...3): return try engine(Array(words.dropFirst()))
        case ("disk", 2): return last == "full" ? .diskFull(.on) : last == "free" ? .diskFull(.off) : nil
        case ("export", 3): return last == "die" ? .exportDie(name) : nil
        default: return nil
        }
    }

    /// The card in the name under which an undeclared machine is found, as `machine-525400770007`.
    static func mac(ofNewcomer name: String) -> MACAddress? {
        guard name.hasPrefix("machine-") else { return nil }
        let digits = Array(name.dropFirst(8))
        guard digits.count == 12 else { return nil }
        return MACAddress(stride(from: 0, to: 12, by: 2).map { String(digits[$0...$0 + 1]) }.joined(separator: ":"))
    }

    private static func controller(_ name: String, _ words: [String]) throws(MusterError) -> Command? {
        switch (words[0], words.count) {
        case ("delay", 2): .bmcDelay(name, try time(words[1]))
        case ("draws", 2): Int64(words[1]).flatMap { (0...100_000).contains($0) ? .bmcDraws(name, $0) : nil }
        case ("is", 2): .bmcMiswired(name, to: words[1])
        case (_, 1):
            if let toggle = Switch(rawValue: words[0]) {
                .bmcNetwork(name, toggle)
            } else {
                SimulatedController.Mood(rawValue: words[0]).map { .bmc(name, $0) }
            }
        default: nil
        }
    }

    private static func server(_ name: String, _ words: [String]) throws(MusterError) -> Command? {
        switch (words[0], words.count) {
        case ("start", 1): .serverTarget(name, .running)
        case ("stop", 1): .serverTarget(name, .stopped)
        case ("move", 1): .serverMove(name, to: nil)
        case ("move", 2): .serverMove(name, to: words[1])
        case ("remove", 1): .serverRemove(name)
        case ("add", _): .serverAdd(name, try pairs(words.dropFirst()))
        default: nil
        }
    }

    private static func engine(_ words: [String]) throws(MusterError) -> Command? {
        let toggle = Switch(rawValue: words.last ?? "")
        switch (words[0], words.count) {
        case ("crash", 1): return .engineCrash(5_000)
        case ("crash", 2): return .engineCrash(try time(words[1]))
        case ("stop", 1): return .engineStop
        case ("start", 1): return .engineStart
        case ("network", 2): return toggle.map { .engineNetwork($0) }
        case ("split", 2): return toggle.map { .engineSplit($0) }
        case ("stall", 2): return .engineStall(try time(words[1]))
        default: return nil
        }
    }

    private static func pairs(_ words: ArraySlice<String>) throws(MusterError) -> [String: String] {
        var pairs: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw MusterError(.badArgument, "\"\(word)\" is no KEY=VALUE", hint: "for example priority=5")
            }
            pairs[String(parts[0])] = String(parts[1])
        }
        return pairs
    }

    /// A length of time, as `90s`, `5m` or `1.5s`. Errors: `bad_argument`.
    static func time(_ text: String) throws(MusterError) -> Int64 {
        do { return try Quantity.milliseconds(text) } catch {
            throw MusterError(.badArgument, "\"\(text)\" is no length of time", hint: "as 500ms, 90s, 5m or 2h")
        }
    }

    private static func unknown(_ words: [String]) -> MusterError {
        let near = forms.filter { $0.form.split(separator: " ").first.map(String.init) == words.first }.map(\.form)
        let verbs = Array(Set(forms.map { String($0.form.split(separator: " ")[0]) })).sorted()
        let nearest = words.first.flatMap { Spelling.nearest($0, verbs) }.map { "did you mean \($0)?" }
        return MusterError(
            .badArgument, "there is no command \"\(words.joined(separator: " "))\"",
            hint: near.isEmpty ? nearest ?? "one of " + verbs.joined(separator: ", ") : "as " + near.joined(separator: "; "))
    }

    /// The line that reads as this command.
    public var description: String {
        switch self {
        case .power(let name, let toggle): "power \(name) \(toggle)"
        case .mains(let name, let toggle): "mains \(name) \(toggle)"
        case .crash(let name): "crash \(name)"
        case .thaw(let name): "thaw \(name)"
        case .shutdown(let name): "shutdown \(name)"
        case .reboot(let name): "reboot \(name)"
        case .heartbeat(let name, let toggle): "heartbeat \(name) \(toggle)"
        case .network(let name, let toggle): "network \(name) \(toggle)"
        case .storage(let name, let toggle): "storage \(name) \(toggle)"
        case .load(let name, let load): "load \(name) \(load)"
        case .newcomer(let name): "newcomer \(name)"
        case .guest(let name, let hypervisor): "guest \(name) of \(hypervisor)"
        case .hypervisor(let name, let mood): "hypervisor \(name) \(mood)"
        case .bmc(let name, let mood): "bmc \(name) \(mood)"
        case .bmcNetwork(let name, let toggle): "bmc \(name) \(toggle)"
        case .bmcDelay(let name, let delay): "bmc \(name) delay \(delay)ms"
        case .bmcDraws(let name, let watts): "bmc \(name) draws \(watts)"
        case .bmcMiswired(let name, let other): "bmc \(name) is \(other)"
        case .agent(let name, let outlet): "agent \(name) \(outlet)"
        case .watchdog(let name, let watchdog): "watchdog \(name) \(watchdog)"
        case .serverTarget(let name, let target): "server \(name) \(target == .running ? "start" : "stop")"
        case .serverMove(let name, let target): (["server \(name) move"] + [target].compactMap { $0 }).joined(separator: " ")
        case .serverAdd(let name, let pairs): (["server \(name) add"] + Self.text(pairs)).joined(separator: " ")
        case .serverRemove(let name): "server \(name) remove"
        case .maintenance(let name, let toggle, let length): "maintenance \(name) \(toggle)" + Self.suffix(length)
        case .fence(let name): "fence \(name)"
        case .confirmOff(let name): "fence \(name) confirm-off"
        case .arm(let toggle, let length): toggle == .on ? "arm" : "disarm" + Self.suffix(length)
        case .emit(let name, let pairs): (["emit \(name)"] + Self.text(pairs)).joined(separator: " ")
        case .engineCrash(let pause): "engine crash \(pause)ms"
        case .engineStop: "engine stop"
        case .engineStart: "engine start"
        case .engineNetwork(let toggle): "engine network \(toggle)"
        case .engineSplit(let toggle): "engine split \(toggle)"
        case .engineStall(let length): "engine stall \(length)ms"
        case .diskFull(let toggle): toggle == .on ? "disk full" : "disk free"
        case .exportDie(let name): "export \(name) die"
        }
    }

    private static func suffix(_ length: Int64?) -> String { length.map { " \($0)ms" } ?? "" }

    private static func text(_ pairs: [String: String]) -> [String] { pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
}
