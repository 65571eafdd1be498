import MusterCore

// The functions that belong to no table.
extension Schema {
    private static let hookOptions: [ScriptField] = [
        .optional(
            "key", .text,
            """
            The subject by which runs queue: `"resource"`, `"server"`, or a field of the event's data (default: whichever \
            of the two the event has).
            """
        ),
        .optional("name", .text, "A stable name for the hook (default: file name, `#`, number)."),
        .optional("retry", .integer, "How often a run that raised is tried again (default 0)."),
        .optional("backoff", .duration, "The pause before the first other try; it doubles each time (default `\"5s\"`)."),
        .optional(
            "policy", .text,
            "The hook rests as long as `fleet.lua` has no `policy \"NAME\" { … }` of this name: what happens meanwhile is not for it."),
    ]

    private static let everyOptions: [ScriptField] =
        hookOptions + [
            .optional(
                "at", .text,
                """
                A time of day in UTC, `"02:30"`, from which the intervals count; what passed while the engine was down is \
                made up for once.
                """
            )
        ]

    static let registering: [ScriptCall] = [
        .written(
            "on",
            [
                .field("event", .eventName, "The event's name."), .optional("options", .options(hookOptions)),
                .field("handler", .handler(ScriptHandler(.run, [.field("event", .object("event"))])), "What to do."),
            ],
            "Runs the function for each event of this name, in a run of its own. Belongs at a file's top level.",
            example: """
                on("resource.failed", { key = "resource" }, function(event)
                  log(event.resource, "failed")
                end)
                """),
        .written(
            "every",
            [
                .field("interval", .duration, "At least 100 ms."), .optional("options", .options(everyOptions)),
                .field("handler", .handler(ScriptHandler(.run, [.field("tick", .object("tick"))])), "What to do."),
            ],
            "Runs the function every so often. A tick whose predecessor still runs is left out. Belongs at a file's top level.",
            example: #"every("5m", function() log(#resources.find { state = "idle" }, "machines wait") end)"#),
        .written(
            "needs",
            [.field("capabilities", .list(.choice(Capability.allCases.map(\.rawValue))), "What the file's hooks may do.")],
            "Declares what a hook file may touch beyond looking, waiting and telling. Belongs at its top level.",
            example: #"needs { "power", "storage" }"#),
        .written(
            "require", [.field("module", .moduleName, "Its name, written out.")], returns: .any,
            "A module of `hooks/lib/` or of the standard library, executed once in each run.",
            example: #"local recover = require "muster.recover""#),
    ]

    static let waiting: [ScriptCall] = [
        .step(
            "sleep", [.field("duration", .duration, "How long.")], "Parks the run, also over an engine restart.",
            example: #"sleep("30s")"#),
        .step(
            "wait_for", waitParameters, returns: .object("event"), orNil: true,
            "Parks the run until such an event happens and returns it; `nil` when the time is over.",
            example: #"local event = wait_for("server.running", { server = "shop", timeout = "5m" })"#),
        .step("now", returns: .integer, "Seconds since 1970, the same again in a replay."),
    ]

    static let waitParameters: [ScriptField] = [
        .field("event", .eventName, "The event's name."),
        .options(
            .optional("resource", .named("resource"), "Only those of this machine."),
            .optional("server", .named("server"), "Only those of this server."),
            .optional("timeout", .duration, "How long to wait (default: without end).")),
    ]

    static let telling: [ScriptCall] = [
        .written(
            "log", [.rest("What to say; values of any type.")], uses: ["log"],
            "A line in the run's story (`muster runs show ID`)."),
        .written("print", [.rest("What to say; values of any type.")], uses: ["log"], "The same as `log`."),
    ]

    static let helping: [ScriptCall] = [
        .written(
            "help", [.optional("topic", .any, "A function, a table, a snapshot, or a name as text.")], returns: .any,
            "What something is and does, to read at the prompt.", example: #"print(help("resource.fence"))"#)
    ]
}
