extension Schema {
    private static let epoch: ScriptField = .field("epoch", .integer, "The claim's number.")
    private static let silence: ScriptField = .field("silence", .integer, unit: "ms", "How long nothing was heard of it.")
    private static let milliseconds: ScriptField = .field("milliseconds", .integer, unit: "ms", "How long.")
    private static let why: ScriptField = .field("why", .text, "Why, in words.")
    private static let operatorName: ScriptField = .field("operator", .text, "Whose order it was.")
    private static let until: ScriptField = .optional("until", .integer, unit: "ms since 1970", "When that ends by itself.")
    private static let failure: [ScriptField] = [
        .field("code", .text, "The error's code."), .field("message", .text, "What went wrong."),
    ]
    private static let run: [ScriptField] = [.field("run", .integer, "Its number."), .field("hook", .text, "The hook's name.")]
    private static let proof: [ScriptField] = [
        .field("evidence", .choice(["off", "revoked", "expired", "manual"]), "The kind of evidence."),
        .field("detail", .text, "What was seen, in words."), .optional("operator", .text, "Whose word it is, for `manual`."),
    ]
    private static let optionalProof = proof.map { field in
        var field = field
        field.isOptional = true
        return field
    }

    /// Every event that the engine and its surroundings record, grouped by subject.
    public static let eventList: [ScriptEvent] = resourceEvents + claimEvents + serverEvents + scriptEvents + engineEvents

    private static let resourceEvents: [ScriptEvent] = [
        ScriptEvent(
            "resource.discovered", [.resource],
            data: [
                .field("mac", .text, "The card it booted from."), .field("memory_mib", .integer, unit: "MiB"),
                .field("cpus", .integer),
            ],
            "an unknown machine booted and reported"),
        ScriptEvent(
            "resource.booting", [.resource],
            data: [
                .optional("epoch", .integer, "The claim whose image it runs."),
                .optional("local", .boolean, "Whether it boots its own disk."),
            ],
            "a machine asked for its boot plan"),
        ScriptEvent(
            "resource.booted", [.resource], data: [.field("boot", .text, "Its boot id.")], "it reported with a new boot id"),
        ScriptEvent("resource.power_on", [.resource], "its power reading changed to on"),
        ScriptEvent(
            "resource.power_off", [.resource], data: optionalProof, "its power reading changed to off, or it was switched off"),
        ScriptEvent("resource.suspect", [.resource], data: [silence], "no heartbeat for `suspect_after`"),
        ScriptEvent(
            "resource.failed", [.resource], data: [silence],
            "no heartbeat for `failed_after`, or silent and read off; again while nobody has fenced it, when its BMC answers again or reads off, or failovers are armed"
        ),
        ScriptEvent(
            "resource.held", [.resource], data: [.field("reason", .choice(["disarmed", "isolated"]), "Why."), silence],
            "it failed, and nothing may be done about it now"),
        ScriptEvent(
            "resource.flapping", [.resource],
            data: [
                .field("failures", .integer, "So many times it failed."), .field("within", .integer, unit: "ms", "In so long."),
            ], "it fails again and again, and is chosen after all others"),
        ScriptEvent(
            "resource.steady", [.resource],
            "it has not failed for long enough, or somebody has looked after it: it is as good as others again"),
        ScriptEvent("resource.returned", [.resource], "a silent machine sends heartbeats again"),
        ScriptEvent("resource.start_timeout", [.resource], data: [milliseconds], "it was switched on and never reported"),
        ScriptEvent("resource.fenced", [.resource], data: proof, "it was seen off, or an operator said so"),
        ScriptEvent(
            "resource.stale_heartbeat", [.resource], data: [epoch],
            "it still runs under a claim that is over; it was told to reset"),
        ScriptEvent(
            "resource.unproven", [.resource], data: [.optional("epoch", .integer, "The claim's number, by its own word.")],
            "after a restore: it runs in a boot that the backup does not know"),
        ScriptEvent("resource.bmc_fault", [.resource], data: failure, "its BMC, its hypervisor or its agent began to fail"),
        ScriptEvent("resource.bmc_answers", [.resource], "it answers again"),
        ScriptEvent(
            "resource.bmc_mismatch", [.resource],
            data: [.field("guid", .text, "The BMC's."), .field("uuid", .text, "The machine's.")],
            "its BMC's GUID is not its DMI UUID"),
        ScriptEvent("resource.maintenance", [.resource], data: [until], "it was taken out of use"),
        ScriptEvent("resource.active", [.resource], "it was returned to use"),
        ScriptEvent("fence.ordered", [.resource], data: [operatorName], "an operator ordered a fence"),
        ScriptEvent(
            "fence.rung_failed", [.resource],
            data: [.field("rung", .text, "Which one: its word, or its agent's program.")] + failure
                + [.optional("hint", .text, "What to do about it.")],
            "a rung of its fence ladder gave no evidence; the next one is tried"),
        ScriptEvent(
            "fence.failed", [.resource],
            data: failure + [
                .optional("hint", .text, "What to do about it."),
                .optional("rungs", .list(.table), "Of a fence: each rung's `rung`, `code`, `message`, `hint`, and whether it was `tried`."),
            ],
            "it could not be fenced by any rung, or an order to switch it off was not seen to succeed"),
        ScriptEvent(
            "fence.unready", [.resource], data: [.field("reasons", .text, "Why, rung by rung.")],
            "a check found no rung of its fence ladder that works"),
        ScriptEvent("fence.ready", [.resource], "a check found a rung that works again"),
        ScriptEvent(
            "evidence.voided", [.resource],
            data: [.field("evidence", .integer, "Its number."), .field("sign", .text, "The sign of life, in words.")],
            "a sign of life came after it"),
    ]

    private static let claimEvents: [ScriptEvent] = [
        ScriptEvent("claim.made", [.resource, .server], data: [epoch], "a claim began"),
        ScriptEvent("claim.ended", [.resource, .server], data: [epoch, proof[0]], "a claim ended by evidence"),
        ScriptEvent(
            "export.cut", [.resource, .server], data: [epoch, .field("detail", .text, "How, in words.")],
            "an ended claim's export is gone"),
        ScriptEvent("export.died", [.resource, .server], data: [epoch], "a living claim's export ended by itself"),
    ]

    private static let serverEvents: [ScriptEvent] = [
        ScriptEvent(
            "server.wanted", [.server, .resource],
            data: [why, .optional("machine", .text, "The machine that has become free, if that is why.")],
            "it should run; the machine is the one it had, if any"),
        ScriptEvent("server.unwanted", [.server], data: [why], "it should not run"),
        ScriptEvent(
            "server.move", [.server, .resource],
            data: [.optional("to", .text, "The machine that it shall move to; nil: whichever suits it best.")],
            "it should run elsewhere; the machine is the one it is on"),
        ScriptEvent("server.running", [.resource, .server], data: [epoch], "its readiness check passed"),
        ScriptEvent(
            "server.blocked", [.server],
            data: [.field("reason", .text, "What is wrong."), .field("remedy", .text, "What to do about it.")],
            "nobody works on bringing it where it should be"),
        ScriptEvent("server.unblocked", [.server], "it is not blocked any more"),
    ]

    private static let scriptEvents: [ScriptEvent] = [
        ScriptEvent(
            "run.failed",
            data: run + failure + [
                .optional("place", .text, "`file:line`."),
                .optional("again", .table, "When its hook tries once more: `run`, `at`."),
                .field(
                    "reaction", .boolean, "Whether that run itself reacted to a `run.failed`: no hook is called for such a one."),
            ],
            "a run ended with an error"),
        ScriptEvent(
            "run.asking",
            data: run + [.field("step", .text, "Its address."), .field("question", .text, "What it asks.")],
            "a run asks an operator something (`muster runs answer`)"),
        ScriptEvent(
            "run.answered", data: [run[0], .field("answer", .text, "What was said."), operatorName], "an operator answered"),
        ScriptEvent(
            "run.preempted", data: run + [.field("by", .integer, "The number of the other run.")],
            "a run of higher precedence took its machines; it is cancelled"),
        ScriptEvent(
            "hook.broken",
            data: [
                .field("file", .text, "The hook file."), .field("message", .text, "What is wrong."),
                .optional("place", .text, "`file:line`."),
            ],
            "a hook file does not load; its last good version goes on serving"),
        ScriptEvent(
            "hook.forgotten",
            data: [
                .field("hook", .text, "The hook's name."), .field("file", .text, "The hook file."),
                .optional("after", .integer, "The last event that it had."),
            ],
            """
            its file was away for longer than `keep_events`: what waited for it is forgotten, and should it come back, it \
            starts at now
            """),
        ScriptEvent(
            "hook.stuck",
            data: [.field("file", .text, "The file."), .field("restarted", .integer, "How many other runs of it began again.")],
            "a hook file, script or session hung inside one call and was torn out"),
        ScriptEvent(
            "decide.failed",
            data: [
                .field("hook", .text, "The hook's name."), .field("question", .choice(["boot", "place"]), "What was asked."),
            ] + failure + [
                .optional("place", .text, "`file:line`."), .optional("hint", .text, "What to do about it."),
            ],
            "a hook had no usable answer to a question; told at most once a minute"),
        ScriptEvent(
            "fleet.applied",
            data: [.field("file", .text, "The fleet file."), .field("differences", .integer, "How many.")],
            "a fleet was applied"),
        ScriptEvent("fleet.rejected", data: [.field("message", .text, "What is wrong.")], "a fleet was refused at the start"),
    ]

    private static let engineEvents: [ScriptEvent] = [
        ScriptEvent("engine.started", "the engine started: the count of silence begins anew"),
        ScriptEvent(
            "engine.stalled", data: [milliseconds], "the engine did not run for a while: the count of silence begins anew"),
        ScriptEvent("engine.network_down", "the machines' network went"),
        ScriptEvent("engine.network_up", "the machines' network came"),
        ScriptEvent(
            "store.full",
            "the state directory's disk is full: what was accepted goes on from the reserve, nothing new is accepted"),
        ScriptEvent("store.room", "there is room on the disk again"),
        ScriptEvent(
            "engine.restored",
            data: [
                .field("backup", .integer, "When the backup was made (milliseconds since 1970)."), operatorName,
                .field("runs", .integer, "How many runs had been under way."),
            ],
            "the engine's state came from a backup: it is disarmed, and believes nothing that may have changed since"),
        ScriptEvent("engine.settled", "after a restore: armed, and every machine is accounted for"),
        ScriptEvent("engine.armed", data: [operatorName], "failovers may happen"),
        ScriptEvent("engine.disarmed", data: [operatorName, until], "no failover happens"),
    ]
}
