import MusterCore
import MusterEngine

extension Schema {
    static let resource = ScriptClass(
        "resource",
        """
        A machine that can run a server, as it was when the step that returned it was taken: reading a field never asks the \
        engine, `refresh()` does.
        """,
        fields: [
            .field("name", .text, "Its name in `fleet.lua`, or what it was called when it was found."),
            .field("kind", .choice(["host", "vm"]), "A physical machine, or a virtual one."),
            .field(
                "state", .choice(ResourceState.allCases.map(\.rawValue)), "What people see; it follows from the other fields."),
            .field("power", .choice(["on", "off", "unknown"]), "Its last power reading."),
            .field("liveness", .choice(["alive", "silent", "unknown"]), "Whether heartbeats come."),
            .field("mode", .choice(["active", "maintenance"]), "Whether servers may be placed on it."),
            .field("assignment", .choice(["idle", "claimed"]), "Whether a claim on it is alive."),
            .field("memory_mib", .integer, unit: "MiB", "Its memory."),
            .field("cpus", .integer, "Its CPUs."),
            .field("tags", .list(.text), "Its tags in `fleet.lua`."),
            .field("macs", .list(.text), "Its network cards that may boot, the first one first."),
            .field("incarnation", .integer, "Grows with each boot, power transition and claim: orders are bound to it."),
            .field("has_bmc", .boolean, "Whether it can be switched from afar."),
            .field("declared", .boolean, "False for one that was found by booting and is in no `fleet.lua`."),
            .optional("address", .text, "Its own address on the boot network."),
            .optional("rack", .text, "Where it stands, as `fleet.lua` says; a virtual machine stands where its hypervisor does."),
            .optional("hypervisor", .text, "The name of the host that a virtual machine runs on."),
            .optional("guests", .list(.text), "The names of its virtual machines that are on, or that servers have; nil without any."),
            .optional("server", .text, "The name of the server that has a claim on it."),
            .optional("boot_id", .text, "The boot it reported last."),
            .optional("uuid", .text, "Its DMI UUID, once it reported one."),
            .optional("reserved_by", .integer, "The number of the run that keeps it."),
            .optional("fence_ready", .boolean, "Whether the last check found a rung of its fence ladder that works."),
            .optional("bmc_fault", .text, "Why its BMC, or its hypervisor, could not be asked last time."),
            .optional("flapping", .boolean, "True while it fails again and again: it is chosen after all others."),
            .optional(
                "load", .number, "Its load average of one minute for each CPU, by its last heartbeat; nil while it sends none."),
            .optional("memory_used_mib", .integer, unit: "MiB", "What is in use of its memory, by its last heartbeat."),
            .optional("watts", .integer, unit: "W", "What it draws, as `fleet.lua` says."),
            .optional(
                "watts_idle", .integer, unit: "W",
                "What it draws while it waits: as its controller measured last, else as `fleet.lua` says."),
            .optional(
                "watts_now", .integer, unit: "W", "What it draws, where its controller measures that: a minute old at most while it is on."),
            .optional("maintenance_until", .integer, unit: "ms since 1970", "When its maintenance ends by itself."),
            .optional("unproven", .boolean, "True after a restore, until it is known what it does."),
        ],
        methods: [
            .step(
                "fence", returns: .object("evidence"),
                """
                Makes sure that it can touch nothing any more: tries the rungs of its fence ladder, in order, until one has evidence, and
                returns that. When none has, `not_fenced` says why, rung by rung. Refused as `stale` when it booted or came \
                back since the snapshot, as `disarmed` while failovers are disarmed.
                """,
                example: """
                    on("resource.failed", { key = "resource" }, function(event)
                      local evidence = event.resource:fence()
                      log(evidence.kind .. ":", evidence.detail)
                    end)
                    """),
            .step(
                "check_fence",
                returns: .options([
                    .field("ready", .boolean, "Whether a rung works."),
                    .field("at", .integer, "Since when checks have found this, in milliseconds since 1970."),
                    .field("rungs", .list(.table), "Each with `rung`, `state` (`works`, `fails`, `absent`), `detail` and `hint`."),
                ]),
                """
                Tries every rung of its fence ladder without harm. The first check that finds none that works raises `fence.unready`, the \
                next one that finds one `fence.ready`.
                """,
                example: #"if not resources.get("node1"):check_fence().ready then log("nothing could fence it") end"#),
            .step(
                "power_on",
                [.options(.optional("timeout", .duration, "How long to wait until it reads on (default `\"60s\"`)."))],
                "Switches it on and waits until it reads on: by its BMC, by its fence agent when it has no BMC, a virtual machine by its hypervisor, which creates it. Refused as `stale` like `fence`.",
                example: #"resources.get("node1"):power_on { timeout = "2m" }"#),
            .step(
                "power_off", returns: .object("evidence"),
                "Switches it off hard and waits until it reads off, by what switches it on. Refused as `stale` like `fence`, and as `wrong_state` while its virtual machines run servers."
            ),
            .step("shut_down", "Asks its operating system to shut down (ACPI). It may not listen: read its power afterwards."),
            .step(
                "read_power", returns: .choice(["on", "off", "unknown"]), "Asks its BMC, its hypervisor or its fence agent now.",
                example: #"if resources.get("node1"):read_power() == "off" then log("it sleeps") end"#),
            .step(
                "set_boot_device", [.field("device", .choice(BootDevice.allCases.map(\.rawValue)), "What it boots from.")],
                "For its next boot only.", example: #"resources.get("node1"):set_boot_device("pxe")"#),
            .step(
                "set_mode",
                [
                    .field("mode", .choice(["maintenance", "active"]), "Out of use, or in use."),
                    .options(.optional("duration", .duration, "After so long a maintenance ends by itself (default: never).")),
                ],
                returns: .object("resource"),
                "Takes it out of use, or returns it: nothing is placed on a machine in maintenance. Returns a new snapshot.",
                example: #"resources.get("node1"):set_mode("maintenance", { duration = "2h" })"#),
            .step("servers", returns: .list(.object("server")), "The servers that it has a claim for."),
            .step("refresh", returns: .object("resource"), "A new snapshot."),
        ])

    static let resources = ScriptTable(
        "resources", "The machines.",
        [
            .step(
                "get", [.field("name", .text, "A machine's name.")], returns: .object("resource"), orNil: true,
                "The machine of this name.",
                example: #"local node = resources.get("node1")"#),
            .step("list", returns: .list(.object("resource")), "All machines, by name."),
            finder(
                "resources", "resource", example: #"for _, node in ipairs(resources.find { state = "idle" }) do log(node) end"#),
        ])

    /// `find`, which `PolicyPrelude` builds over `list`.
    static func finder(_ table: String, _ kind: String, example: String) -> ScriptCall {
        .written(
            "find",
            [
                .optional(
                    "filter",
                    .either([.map(.any), .handler(ScriptHandler(.call, [.field(kind, .object(kind))], returns: .boolean))]),
                    "A table of fields with the values that they must have, or a function that says whether it fits.")
            ],
            uses: ["\(table).list"], returns: .list(.object(kind)), "Those of `\(table).list()` that fit.", example: example)
    }
}
