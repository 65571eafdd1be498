import MusterEngine

// Which machine a server gets.
extension Schema {
    private static let choosing: [ScriptField] = [
        .optional("except", .table, "Machines that are out of the question: a list of names, or reasons by name."),
        .optional("prefer", .text, "The name of the machine that comes before all others."),
        .optional("avoid", .text, "The name of the one that comes after all others."),
        .optional("looked", .boolean, "Whether the `unseen` of an earlier answer were looked at."),
    ]

    static let candidates: ScriptCall = .step(
        "candidates", [.optional("options", .options(choosing + [.optional("limit", .integer, "How many machines it tells of (8).")]))],
        returns: .object("placement"),
        """
        The machines that could run it at this moment, best first: they have what it needs, run nothing, are in use, can be woken and \
        fenced, and are idle or off. `decide("place")` hooks veto and score; then count what `fleet.lua` says it prefers, avoids, and \
        which racks it would share; idle ones come before those that are woken, these before virtual ones that are created, and the \
        smallest that fits first.
        """,
        example: #"for _, machine in ipairs(servers.get("shop"):candidates().machines) do log(machine, "could run the shop") end"#)

    static let reserve: ScriptCall = .written(
        "reserve",
        [
            .optional(
                "options",
                .options(
                    choosing + [
                        .optional("priority", .integer, "Runs that keep a machine for less are cancelled when no other is left (0).")
                    ]))
        ],
        uses: ["server.reserve"], returns: .object("placement"),
        """
        Keeps the best machine that no other run keeps, in one step, so that of many servers that look at once each gets its own: \
        `machine`, and `held`, to be given back. Without a machine `waits` says that there are candidates which others keep, or which \
        servers of higher priority need first: ask again later.
        """,
        example: """
            local found = servers.get("shop"):reserve()
            local held <close> = found.held
            if found.machine then log("the shop may have", found.machine) end
            """)

    static let objection: ScriptCall = .step(
        "objection", [.field("resource", .named("resource"), "The machine.")], returns: .text, orNil: true,
        "Why a machine cannot take it now, in words that follow the machine's name; nil when it can.",
        example: #"log("node1", servers.get("shop"):objection("node1") or "can take the shop")"#)

    static let whyNot: ScriptCall = .step(
        "why_not", [.options(.optional("except", .table, "Reasons against machines, by name, that come before the engine's own."))],
        returns: .text,
        "Why machines cannot take it, in words: each with its reason in a small fleet, how many of each kind in a large one.")

    static let placement = ScriptClass(
        "placement", isSnapshot: false, "What was found for a server.",
        fields: [
            .optional("machines", .list(.object("resource")), "The candidates, best first (`candidates`)."),
            .optional("machine", .object("resource"), "The machine that is kept now (`reserve`)."),
            .optional("held", .object("reservation"), "What gives it back: a `<close>` variable does."),
            .optional("waits", .boolean, "True when there are candidates, and others go first."),
            .optional("refused", .map(.text), "What `decide(\"place\")` hooks refused, with their reasons."),
            .optional(
                "unseen", .list(.object("resource")),
                "Machines that fit and that nobody has looked at yet: read their power and ask again; nothing is found before."),
        ])
}
