import MusterCore

extension Schema {
    static let server = ScriptClass(
        "server", "A workload with its image, as it was when the step that returned it was taken.",
        fields: [
            .field("name", .text, "Its name in `fleet.lua`."),
            .field("image", .text, "The name of its image."),
            .field("state", .choice(ServerState.allCases.map(\.rawValue)), "Where it is on its way."),
            .field("target", .choice(["running", "stopped"]), "What it should be."),
            .field("priority", .integer, "Higher goes first."),
            .field("memory_mib", .integer, unit: "MiB", "The memory it needs."),
            .field("cpus", .integer, "The CPUs it needs."),
            .field("tags", .list(.text), "The tags that its machine must have."),
            .optional("pool", .text, "The group of like servers that it belongs to."),
            .optional("address", .text, "Its own address, which travels with it."),
            .optional("resource", .text, "The name of the machine that has its claim."),
            .optional("epoch", .integer, "The number of its claim."),
            .optional("blocked", .object("trouble"), "Why nobody works on bringing it where it should be."),
        ],
        methods: [
            .step(
                "claim", [.field("resource", .named("resource"), "The machine that shall run it.")], returns: .object("claim"),
                """
                Gives the machine the right to run the server's image, cuts what an earlier claim left, and opens the export. \
                Refused as `claim_alive` while an earlier claim is alive and there is no evidence against it, as \
                `evidence_void` when that evidence was contradicted.
                """,
                example: #"local claim = servers.get("shop"):claim(resources.get("node1"))"#),
            .step(
                "release", returns: .text,
                "Ends the claim by the evidence that its machine is off, and cuts the export. Returns how it was cut, in words."),
            .step(
                "wait_ready", [.options(.optional("timeout", .duration, "Instead of that of `fleet.lua`."))],
                returns: .object("server"),
                "Waits until the readiness check of `fleet.lua` passes; then the server is `running`."),
            .step("start", "Sets its target to running; the hook of `server.wanted` brings it about."),
            .step("stop", "Sets its target to stopped; the hook of `server.unwanted` brings it about."),
            .step(
                "move", [.optional("to", .named("resource"), "The machine; nil: whichever suits it best.")],
                "Asks for it to be moved; the hook of `server.move` brings it about. Refused as `wrong_state` when it should not run."),
            candidates, reserve, objection, whyNot,
            .step("refresh", returns: .object("server"), "A new snapshot."),
        ])

    static let servers = ScriptTable(
        "servers", "The servers.",
        [
            .step(
                "get", [.field("name", .text, "A server's name.")], returns: .object("server"), orNil: true,
                "The server of this name.",
                example: #"local shop = servers.get("shop")"#),
            .step(
                "list",
                [
                    .options(
                        .optional("pool", .text, "Only those of this pool."),
                        .optional("looking", .boolean, "With true: only those that should run and have no machine."))
                ],
                returns: .list(.object("server")), "All servers, or some, by priority, highest first.",
                example: #"for _, server in ipairs(servers.list { pool = "web" }) do log(server, "is", server.state) end"#),
            finder(
                "servers", "server",
                example: #"for _, server in ipairs(servers.find { state = "blocked" }) do log(server, server.blocked.reason) end"#
            ),
        ])

    static let image = ScriptClass(
        "image", "An operating system on a disk.",
        fields: [
            .field("name", .text, "Its name in `fleet.lua`."),
            .field("path", .text, "Where it lies on the engine's machine."),
            .field("format", .choice(Image.Format.allCases.map(\.rawValue)), "How it is stored."),
            .optional("server", .text, "The name of the server whose claim uses it."),
        ])

    static let images = ScriptTable(
        "images", "The images.",
        [
            .step(
                "get", [.field("name", .text, "An image's name.")], returns: .object("image"), orNil: true,
                "The image of this name."),
            .step("list", returns: .list(.object("image")), "All images, by name."),
            finder("images", "image", example: #"log(#images.find { format = "raw" }, "raw images")"#),
        ])

    static let claim = ScriptClass(
        "claim", "The right of one machine to run one server's image.",
        fields: [
            .field("epoch", .integer, "Its number, which only grows."),
            .field("server", .text, "The server's name."),
            .field("image", .text, "The image's name."),
            .field("resource", .object("resource"), "The machine, as it is after the claim."),
        ])

    static let evidence = ScriptClass(
        "evidence", isSnapshot: false, "The recorded reason to believe that a machine can no longer touch anything.",
        fields: [
            .field("id", .integer, "Its number."),
            .field(
                "kind", .choice(["off", "revoked", "expired", "manual"]),
                "What it is: its BMC read off, its export is cut, its watchdog ran out, an operator's word."),
            .field("resource", .text, "The machine's name."),
            .optional("epoch", .integer, "The claim it is bound to."),
            .field("at", .integer, unit: "ms since 1970", "When it was recorded."),
            .field("detail", .text, "What was seen, in words."),
            .optional("operatorName", .text, "Whose word it is, for `manual`."),
            .field("spent", .boolean, "Whether it ended a claim already."),
            .optional("voided", .text, "Why it counts no more."),
        ])
}

extension Schema {
    static let trouble = ScriptClass(
        "trouble", isSnapshot: false, "Why a server is blocked.",
        fields: [
            .field("reason", .text, "What is wrong."),
            .field("remedy", .text, "What to do about it."),
            .field("since", .integer, unit: "ms since 1970", "Since when."),
        ])
}
