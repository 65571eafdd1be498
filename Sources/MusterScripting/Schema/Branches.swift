// Several things at once, and what a run keeps for itself or leaves to the next.
extension Schema {
    private static let branches: ScriptField = .field(
        "branches", .map(.handler(ScriptHandler(.call))), "Functions, with or without names.")

    static let branching: [ScriptCall] = [
        .group(
            "all", [branches], returns: .table,
            """
            Runs the branches side by side, waits for all, and returns what each returned by its key. The first error cancels \
            the others, waits for their undo, and is raised.
            """,
            example: """
                local power = all {
                  first = function() return resources.get("node1"):read_power() end,
                  second = function() return resources.get("node2"):read_power() end,
                }
                log(power.first, power.second)
                """),
        .group(
            "race", [branches], returns: .any,
            """
            Returns the key of the branch that ended first and what it returned; the others are cancelled, and have undone \
            what they undo when it returns.
            """
        ),
        .group(
            "timeout",
            [
                .field("duration", .duration, "How long it may take."),
                .field("body", .handler(ScriptHandler(.call)), "What to do."),
            ],
            uses: ["sleep"], returns: .any, "What the function returns, or the error `timeout`.",
            example: #"timeout("30s", function() servers.get("shop"):wait_ready() end)"#),
        .step(
            "ask",
            [
                .field("question", .text, "What to ask."),
                .options(
                    .optional("answers", .list(.text), "What may be answered (default: any text)."),
                    .optional("timeout", .duration, "How long to wait (default: without end).")),
            ],
            returns: .text, orNil: true,
            """
            Parks the run until an operator answers (`muster runs answer ID TEXT`) and returns the answer; `nil` when the time \
            is over.
            """,
            example:
                #"if ask("Move shop back?", { answers = { "yes", "no" }, timeout = "1h" }) == "yes" then log("so be it") end"#),
        .written(
            "reserve",
            [
                .field("machines", .either([.named("resource"), .list(.named("resource"))]), "One machine, or a list of them."),
                .options(
                    .optional("timeout", .duration, "How long to wait for them (default: without end)."),
                    .optional("priority", .integer, "A run that asks with a higher one has the holder cancelled (default 0).")),
            ],
            uses: ["reserve"], returns: .object("reservation"),
            """
            Keeps machines for this run: all of them or none. Orders of other runs to them are refused as `reserved`. Given \
            back at the end of the block, or with the run.
            """,
            example: #"local held <close> = reserve({ resources.get("node1") }, { timeout = "1m" })"#),
        .step(
            "continue_as", [.optional("state", .any, "What the next run finds in `event.state`.")],
            """
            When this run is over, another begins for the same event, with the hook's newest code: a loop without end and \
            without an endless journal.
            """
        ),
    ]

    static let reservation = ScriptClass(
        "reservation", isSnapshot: false, "Machines that the run keeps; a `<close>` variable gives them back.",
        fields: [.field("names", .list(.text), "The machines' names.")],
        methods: [.written("release", [], uses: ["reserve.release"], "Gives them back.")])
}
