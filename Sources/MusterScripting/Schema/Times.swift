extension Schema {
    static let os = ScriptTable(
        "os", "The calendar, always in UTC. There is nothing else of Lua's `os`.",
        [
            .written(
                "time", [.optional("parts", .table, "`year`, `month`, `day`, and `hour` (12), `min`, `sec`.")], returns: .integer,
                "Seconds since 1970: of the parts, else of the present, like `now()`."),
            .written(
                "date",
                [
                    .optional("format", .text, "As of C's strftime; `\"*t\"` gives a table."),
                    .optional("time", .number, unit: "s since 1970", "Default: the present."),
                ],
                returns: .any, "A time as text.", example: #"log(os.date("%H:%M", now()))"#),
        ])

    static let tick = ScriptClass(
        "tick", "What a timer's function gets.",
        fields: [
            .field("number", .integer, "The timer's count."),
            .field("at", .integer, unit: "ms since 1970", "When it was due."),
        ])
}
