import MusterCore

/// The words of test files (`…_test.lua`), which `muster test` executes: for editors and `muster check`.
extension Schema {
    private static func word(_ name: String, _ parameters: [ScriptField], returns: ScriptType? = nil, orNil: Bool = false, _ doc: String)
        -> ScriptCall
    {
        .written(name, parameters, returns: returns, orNil: orNil, doc)
    }

    private static func word(_ name: String, returns: ScriptType? = nil, _ doc: String) -> ScriptCall {
        word(name, [], returns: returns, doc)
    }

    private static let body = ScriptField.field("body", .handler(ScriptHandler(.call)), "What it does.")
    private static let machine = ScriptField.field("machine", .named("resource"), "The machine.")
    private static let onOff = ScriptField.field("to", .either([.choice(["on", "off"]), .boolean]))
    private static let fields = ScriptField.optional("filter", .any, "A name, or a table of fields and their values.")

    static let testFunctions: [ScriptCall] = [
        word("describe", [.field("name", .text), body], "Groups tests."),
        word("it", [.field("name", .text), body], "A test: it passes when nothing in it raises."),
        word("pending", [.field("name", .text)], "A test that is not written yet; inside a test: leaves it, as pending."),
        word("before_each", [body], "What is done before each test of the group."),
        word("after_each", [body], "What is done after each test of the group, also when it failed."),
        word("fleet", [.field("source", .text, "A path from the test file's folder, or the source itself.")], "The fleet of the tests."),
        word("hooks", [.field("source", .any, "A folder, a list of files, or the source itself.")], "The policies of the tests."),
        word("expect", [.field("value", .any)], returns: .object("expectation"), "Begins an expectation: expect(value):to_be(1)."),
    ].map { $0.owned(by: "", isMethod: false) }

    private static func collection(_ name: String, of object: ScriptType, _ doc: String) -> ScriptTable {
        ScriptTable(
            name, doc,
            [
                word("list", [fields], returns: .list(object), "All that fit, oldest first."),
                word("count", [fields], returns: .integer, "How many fit."),
                word("first", [fields], returns: object, orNil: true, "The oldest that fits."),
                word("last", [fields], returns: object, orNil: true, "The latest that fits."),
            ])
    }

    private static func befalls(_ name: String, _ doc: String) -> ScriptCall { word(name, [machine], doc) }
    private static func switches(_ name: String, _ doc: String) -> ScriptCall { word(name, [machine, onOff], doc) }

    static let testTables: [ScriptTable] = [
        ScriptTable(
            "sim", "The simulated fleet: what befalls it, and its time.",
            [
                word("seed", [.field("number", .integer)], "The seed of its chances; before the fleet begins."),
                word("limit", [.field("duration", .duration)], "As long as a test may last in the fleet's time (24h)."),
                word("start", "Starts the engine on machines that are off; whatever else is asked for does so too."),
                word("run", [.field("duration", .duration)], "Lets time pass."),
                word(
                    "run_until",
                    [
                        .field("condition", .handler(ScriptHandler(.call, [], returns: .any))),
                        .optional("limit", .duration, "10m unless told otherwise."),
                        .optional("what", .text, "What is waited for, for the failure."),
                    ],
                    "Lets time pass until the condition holds; fails the test when it does not in time."),
                word("now", returns: .number, "Seconds since the fleet began."),
                word("command", [.field("line", .text)], "Any line of a scenario without its time: \"bmc node3 silent\"."),
                word("story", returns: .text, "What happened so far, to print."),
                befalls("kill", "Its system hangs, with power on."), befalls("thaw", "A system that hung goes on."),
                befalls("shutdown", "Its system shuts down in order and powers off."), befalls("reboot", "Its system restarts in order."),
                switches("power", "Its power button, whatever its controller does."),
                switches("mains", "The mains of machine and controller."),
                switches("heartbeat", "Its heartbeats: off, the process that sends them is dead until its next boot; all else goes on."),
                switches("network", "The network between it and the engine."), switches("storage", "The way from it to its storage."),
                word(
                    "load", [.field("name", .text, "A machine, or a server for the machine it runs on."), .field("load", .number)],
                    "The load of each of its processors, which its heartbeats carry."),
                word(
                    "split", [.rest("Machines.")],
                    "The network between machines and engine is cut; without any, the engine reaches nothing."),
                word("heal", [.rest("Machines.")], "The network is there again; without any, all of it."),
                word(
                    "newcomer", [.field("name", .text, "`machine-` and its card, as `machine-525400770007`.")],
                    "A machine that is declared nowhere is plugged in, switched off."),
                word(
                    "guest", [machine, .field("hypervisor", .named("resource"))],
                    "It is a virtual machine on another: what befalls that befalls it."),
                word(
                    "agent", [machine, .field("mood", .choice(["answers", "silent", "lies"]))],
                    "The outlet by which a fence agent switches it off."),
                word(
                    "watchdog", [machine, .field("kind", .choice(["hard", "soft", "none"]))], "What it has to arm from its next boot on."),
                word(
                    "hypervisor", [machine, .field("mood", .choice(["ok", "silent", "lie", "refuse"]))],
                    "How the hypervisor on it answers for its virtual machines."),
                word("bmc", [machine], returns: .object("simulated_bmc"), "Its controller."),
                word(
                    "server", [.field("server", .named("server"))], returns: .object("simulated_server"),
                    "What the operator does with a server."),
                word(
                    "maintenance", [machine, onOff, .optional("duration", .duration, "Until it is returned, unless told otherwise.")],
                    "The operator takes it out of use, or returns it."), befalls("fence", "The operator orders a fence."),
                befalls("confirm_off", "The operator says that it is off."), word("arm", "The operator lets failovers happen."),
                word(
                    "disarm", [.optional("duration", .duration, "Until armed again, unless told otherwise.")],
                    "The operator wants no failovers."),
                word("emit", [.field("event", .eventName), .optional("data", .map(.any))], "A program tells an event of its own."),
                word("disk_full", "The disk of the engine's store is full."), word("disk_free", "It has room again."),
                word("export_die", [.field("server", .named("server"))], "The export of its image ends without being cut."),
                word(
                    "http", [.field("address", .text, "`*` stands for any text."), .rest("Answers, one after the other; the last stays.")],
                    "What a web address answers."),
                word(
                    "program", [.field("path", .text, "`*` stands for any text."), .rest("Results, one after the other; the last stays.")],
                    "How a program ends."),
                word("machine", [machine], returns: .object("simulated_machine"), "A machine as it really is."),
            ]),
        ScriptTable(
            "sim.engine", "The engine's process, and what it stands on.",
            [
                word(
                    "crash", [.optional("pause", .duration, "5s unless told otherwise.")], "It is killed, and started again after a pause."),
                word("stop", "It is killed."), word("start", "It is started."),
                word("stall", [.field("duration", .duration)], "Its loop stands still."),
                word("network", [onOff], "Its network card has a link, or none, which it sees."),
                word("split", [onOff], "It reaches nothing and sees no reason."),
            ]),
        collection("sim.orders", of: .table, "The orders that controllers took: `order`, `resource`, `elapsed`."),
        collection("sim.requests", of: .table, "The web requests of policies: `method`, `address`, `headers`, `body`, `elapsed`."),
        collection("sim.programs", of: .table, "The programs that policies executed: `program`, `arguments`, `input`, `on`, `elapsed`."),
        collection("events", of: .object("event"), "The events so far; in tests they have `elapsed`, the seconds since the fleet began."),
        collection("runs", of: .object("run"), "All runs so far."),
    ]

    static let testClasses: [ScriptClass] = [
        ScriptClass(
            "run", "A run, as tests see it.",
            fields: [
                .field("id", .integer), .field("hook", .text), .field("key", .text),
                .field("status", .choice(["queued", "running", "done", "failed", "cancelled", "diverged", "asking"])),
                .field("at", .integer, unit: "ms since 1970"),
                .optional("result", .any, "What it returned."), .optional("error", .object("error")),
                .optional("event", .integer, "The event that began it."),
                .optional("attempt", .integer), .field("steps", .list(.table), "`address`, `name`, `arguments`, `result`, `error`."),
            ]),
        ScriptClass(
            "simulated_machine", "A machine as it really is.",
            fields: [
                .field("name", .text), .field("power", .choice(["on", "off"])),
                .field("stage", .choice(["off", "firmware", "loading", "up"])),
                .field("hangs", .boolean), .field("network", .boolean), .field("storage", .boolean), .field("mains", .boolean),
                .field("bmc", .choice(["ok", "silent", "lie", "refuse", "deceive"])), .field("load", .number),
                .optional("epoch", .integer, "The claim whose image it runs."),
            ]),
        ScriptClass(
            "simulated_bmc", "A controller in a simulation.", fields: [],
            methods: [
                word("ok", "It answers and obeys."), word("silent", "It does not answer."), word("lie", "It says done and does nothing."),
                word("refuse", "It takes no orders."), word("deceive", "It says done, reads what was ordered, and does nothing."),
                word("network", [onOff], "The network between the engine and it."),
                word("delay", [.field("duration", .duration)], "How long it takes to answer."),
                word(
                    "draws", [.field("watts", .integer)],
                    "What it measures that its machine draws while that is on; 0: it has no meter, as at the beginning."),
                word("is", [machine], "It is cabled to another machine."),
            ]),
        ScriptClass(
            "simulated_server", "What the operator does with a server.", fields: [],
            methods: [
                word("start", "It shall run."), word("stop", "It shall not run."),
                word("move", [.optional("to", .named("resource"), "The machine; nil: the best one.")], "It shall run elsewhere."),
                word("add", [.optional("fields", .map(.any), "image, memory (MiB), cpus, priority, address, pool.")], "Declares it."),
                word("remove", "It is declared no more."),
            ]),
        ScriptClass(
            "expectation", "What is expected of a value.", fields: [.field("never", .object("expectation"), "Expects the opposite.")],
            methods: matchers),
    ]

    private static let matchers: [ScriptCall] = [
        word("to_be", [.field("value", .any)], "It is this value."), word("to_equal", [.field("value", .any)], "It is alike to any depth."),
        word("to_be_nil", "It is nil."), word("to_be_true", "It is true."), word("to_be_false", "It is false."),
        word("to_be_a", [.field("type", .text)], "It is of this type."),
        word("to_contain", [.field("part", .any)], "A text has this part; a list such an element; a table such fields."),
        word("to_match", [.field("pattern", .text)], "A text fits this pattern."),
        word("to_have_length", [.field("length", .integer)], "It has this length."),
        word("to_be_greater_than", [.field("number", .number)], "It is greater."),
        word("to_be_less_than", [.field("number", .number)], "It is less."),
        word("to_be_at_least", [.field("number", .number)], "It is as great or greater."),
        word("to_be_at_most", [.field("number", .number)], "It is as little or less."),
        word("to_be_near", [.field("number", .number), .field("distance", .number)], "It is as near."),
        word("to_raise", [.optional("error", .any, "A code, a part of the message, or a table of both.")], "The function raises."),
        word("to_run", "The server runs."), word("to_run_on", [machine], "The server runs on this machine."),
        word("to_be_blocked", [.optional("reason", .text, "A part of the reason.")], "The server is blocked."),
        word("to_be_in_state", [.field("state", .text)], "The server or machine is in this state."),
        word("to_be_on", "The machine really is on."), word("to_be_off", "The machine really is off."),
        word(
            "to_have_happened", [.optional("filter", .map(.any), "`times`, and fields of the event.")],
            "An event of this name was recorded."),
    ]

    /// The names that test files may use, besides Lua's own.
    static let testWords: Set<String> = Set(
        testFunctions.map(\.name) + testTables.map { String($0.name.prefix { $0 != "." }) } + [
            "resources", "servers", "images", "log", "print", "require",
        ])
}
