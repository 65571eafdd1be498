extension Schema {
    static let event = ScriptClass(
        "event", "A fact that happened, durable before anyone reacts to it.",
        fields: [
            .field("id", .integer, "Its number, which only grows."),
            .field("name", .eventName, "What happened."),
            .field("at", .integer, unit: "ms since 1970", "When."),
            .field("data", .map(.any), "More facts; the events' list says which."),
            .optional("resource", .object("resource"), "The machine it is about, with the incarnation it had then."),
            .optional("server", .object("server"), "The server it is about."),
            .optional("state", .any, "What an earlier run of the hook left with `continue_as`."),
        ])

    static let events = ScriptTable(
        "events", "Events.",
        [
            .step(
                "emit",
                [
                    .field("name", .eventName, "A name that begins with `user.`."),
                    .optional("data", .map(.any), "More facts, plain values by name."),
                    .options(
                        .optional(
                            "key", .text, "The same key again is the same event: its number comes back, and nothing else happens."
                        )),
                ],
                returns: .integer, "Records an event of your own; other hooks may listen for it. Returns its number.",
                example: #"events.emit("user.backup_done", { files = 12 })"#),
            .written(
                "follow",
                [
                    .optional(
                        "pattern", .either([.text, .boolean]),
                        "The names to show, with `*` for any characters (default: all); `false` shows none any more.")
                ],
                uses: ["events.follow"],
                """
                At the prompt alone: `events.follow("resource.*")` shows events as they happen, while you go on typing, until \
                `events.follow(false)` or Ctrl-C.
                """),
            .step(
                "wait_for", waitParameters, effect: "wait_for", returns: .object("event"), orNil: true,
                "The same as the global `wait_for`."),
        ])

    static let error = ScriptClass(
        "error", "What a call that failed raises, and `pcall` and `try_…` return.",
        fields: [
            .field("code", .text, "A stable word to compare; see the list of errors."),
            .field("message", .text, "What went wrong."),
            .optional("hint", .text, "What to do about it."),
            .optional("resource", .text, "The machine, server or image concerned."),
            .optional("place", .text, "`file:line` of the script."),
            .optional("traceback", .text, "The calls that led there, innermost first."),
        ])
}
