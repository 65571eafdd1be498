import MusterEngine

// Questions that hooks answer at once.
extension Schema {
    static let asking: [ScriptCall] = [
        .written(
            "decide",
            [
                .field("question", .choice(Question.Name.allCases.map(\.rawValue)), "What is asked."),
                .optional(
                    "options",
                    .options([.optional("name", .text, "A stable name for the hook (default: file name, `#`, number).")])),
                .field(
                    "handler", .handler(ScriptHandler(.answer, [.field("request", .object("request"))], returns: .any)),
                    "The answer."),
            ],
            """
            Answers a question at once, without steps and within 50 ms of processor time, from a snapshot. Without an answer \
            Muster's own holds. Belongs at a file's top level.
            """,
            example: """
                decide("boot", function(request)
                  if request.resource and request.resource.name:match("^desk") then return boot.disk() end
                end)
                """),
        .written(
            "limits",
            [
                .field(
                    "limits",
                    .options([
                        .optional("memory", .size, "Bytes of memory, for all its runs together."),
                        .optional("slice", .duration, "Processor time between two steps."),
                    ]), "What the file wants instead of the operator's defaults.")
            ],
            """
            Asks for other limits than the settings' `policy_memory` and `policy_slice`, up to `policy_memory_most` and \
            `policy_slice_most`. Belongs at a hook file's top level.
            """,
            example: #"limits { memory = "128M", slice = "100ms" }"#),
    ]

    static let request = ScriptClass(
        "request", isSnapshot: false, "What a question is about.",
        fields: [
            .optional(
                "resource", .object("resource"),
                "The machine that boots, nil when it is unknown; or the candidate for a server."),
            .optional("server", .object("server"), "The server that wants a machine (`place`)."),
            .field("servers", .list(.object("server")), "All servers."),
            .optional("resources", .list(.object("resource")), "All machines (`boot`)."),
            .optional("mac", .text, "The card that the machine boots from (`boot`)."),
            .optional("uuid", .text, "Its DMI UUID, when its firmware told it (`boot`)."),
            .optional("arch", .text, "The architecture of its boot program, `x86_64` for example (`boot`)."),
        ])

    /// The answers to `boot`.
    static let bootAnswers: [ScriptCall] = [
        .written(
            "discover", [], returns: .object("plan"),
            "An answer to the question `boot`: run the ramdisk and report, as without an answer."),
        .written(
            "disk", [], returns: .object("plan"), "An answer to the question `boot`: boot from the machine's own disk.",
            example: #"decide("boot", function(request) return boot.disk() end)"#),
    ]
}
