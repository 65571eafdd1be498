// What leaves Muster's own world: requests and programs, as far as the operator's settings allow them.
extension Schema {
    private static let requestOptions: [ScriptField] = [
        .optional(
            "headers", .map(.either([.text, .object("secret"), .table])),
            "By name; a value is a text, a secret, or a list of them that is joined."),
        .optional("timeout", .duration, "How long all of it may take (default `\"30s\"`)."),
        .optional("most", .size, "How large the answer may be (default `\"1M\"`)."),
    ]

    private static let address: ScriptField = .field("url", .text, "The address; the settings' `allow_http` must have it.")

    static let http = ScriptTable(
        "http",
        """
        Web addresses. Certificates are verified; at most five redirections are followed, each only to an address that is \
        allowed, and other servers than the first get none of the headers.
        """,
        [
            .step(
                "get", [address, .optional("options", .options(requestOptions))], returns: .object("response"),
                "Asks an address and returns the answer, whatever its status.",
                example: #"if http.get("https://hooks.example.org/muster/on").status == 200 then log("it answers") end"#),
            .step(
                "post",
                [
                    address, .optional("body", .either([.text, .table]), "A text, or a table that is sent as JSON."),
                    .optional(
                        "options",
                        .options(
                            requestOptions + [
                                .optional(
                                    "repeatable", .boolean,
                                    """
                                    Whether a request in doubt after a crash may be sent again; otherwise the operator is \
                                    asked.
                                    """)
                            ])),
                ],
                returns: .object("response"), "Posts to an address and returns the answer, whatever its status.",
                example: """
                    http.post("https://hooks.example.org/muster", { text = "node1 failed" }, {
                      headers = { Authorization = { "Bearer ", secret "webhook/token" } },
                    })
                    """),
        ])

    static let response = ScriptClass(
        "response", isSnapshot: false, "What a web server answered.",
        fields: [
            .field("status", .integer, "Its status (RFC 9110)."), .field("headers", .map(.text), "By lower-case name."),
            .field("body", .text, "Bytes that are not UTF-8 are replaced."),
        ])

    static let outside: [ScriptCall] = [
        .written(
            "exec",
            [
                .field(
                    "command", .table,
                    """
                    The program's absolute path and its arguments, and by name: `input` (text for it), `timeout` (default \
                    `"30s"`), `on` (the machine to execute it on; default: beside the engine), `repeatable` (whether it may \
                    be executed again when a crash left it in doubt; otherwise the operator is asked).
                    """
                )
            ],
            uses: ["exec"], returns: .object("result"),
            """
            Executes a program without a shell and returns how it ended, whatever its code. The settings' `allow_exec` or, on \
            a machine, `exec_on` must have it. It gets nothing of the engine's environment, and is killed at its timeout with \
            all that it started.
            """,
            example: #"local mail = exec { "/usr/sbin/sendmail", "-t", input = "To: maria\n\nnode1 failed\n", timeout = "1m" }"#),
        secret,
    ]

    static let result = ScriptClass(
        "result", isSnapshot: false, "How a program ended.",
        fields: [
            .field("code", .integer, "Its exit status; 128 and the signal's number when a signal ended it."),
            .field("output", .text, "At most 1 MiB."), .field("errors", .text, "At most 1 MiB."),
            .optional("cut", .boolean, "True when output or errors were longer."),
        ])
}
