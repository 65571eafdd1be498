// What a policy is told by `fleet.lua`, and what it tells its later runs.
extension Schema {
    static let remembering: [ScriptCall] = [
        .step(
            "policy", [.field("name", .text, "The name.")], returns: .table, orNil: true,
            "What `fleet.lua` says by `policy \"NAME\" { … }`; `nil` when it says nothing.",
            example: #"local told = policy("power_saving")"#),
        .step(
            "remember", [.field("key", .text, "Any text."), .optional("value", .any, "A plain value; `nil` forgets it.")],
            """
            Keeps something for later runs of the same hook, over engine restarts: at most 64 KiB for one hook. Refused as \
            `wrong_state` in a script and at the prompt, which have no later runs.
            """,
            example: #"on("user.backup_done", function(event) remember("last backup", event.at) end)"#),
        .step(
            "recall", [.field("key", .text, "The text.")], returns: .any, orNil: true, "What an earlier run of the same hook kept.",
            example: #"local last = recall("last backup")"#),
    ]

    static let metrics = ScriptTable(
        "metrics", "What machines and servers are busy with.",
        [
            .step(
                "load", [.field("of", .named("server"), "A pool\u{2019}s name, or a server.")], returns: .number, orNil: true,
                """
                The mean load average for each CPU of the machines on which the servers of a pool run; `nil` while nobody knows. \
                It comes with the heartbeats, and is never older than they are.
                """,
                example: #"local load = metrics.load("web")"#),
            .step(
                "prometheus",
                [
                    .field(
                        "source",
                        .options([
                            .field("url", .text, "Where the metrics are; the settings' `allow_http` must have it."),
                            .field("metric", .text, "The name of a counter or gauge."),
                            .optional("labels", .map(.text), "Only series that have these labels with these values."),
                            .optional("headers", .map(.either([.text, .object("secret"), .table])), "As of `http.get`."),
                            .optional("timeout", .duration, "How long it may take (default `\"10s\"`)."),
                        ]), "What to read.")
                ],
                returns: .number,
                """
                Reads a metric from a page in Prometheus' text format, and adds up its series that fit. `metric_failed` when the \
                page cannot be read, has no such series, or one of them is not a finite number.
                """,
                example: #"local busy = metrics.prometheus { url = "http://10.77.0.100:9100/metrics", metric = "http_requests_in_flight" }"#
            ),
        ])

    static let failovers = ScriptTable(
        "failovers", "Whether failovers happen.",
        [
            .step(
                "disarm", [.field("duration", .duration, "How long, at most 30 days.")],
                "Lets no failover happen for a time, after which they do by themselves. An operator's own disarm stays as it is.",
                example: #"failovers.disarm("2h")"#),
            .step(
                "arm",
                "Lets failovers happen before the time of a disarm is over. Refused as `wrong_state` when an operator disarmed without an end."
            ),
        ])
}
