import MusterCore

extension Schema {
    /// The words of `fleet.lua`.
    public static let fleetWords: [FleetWord] = [
        FleetWord(
            "settings", hasName: false, "How the engine watches, and what scripts may do.",
            example: #"settings { heartbeat = "1s", suspect_after = "3s", failed_after = "10s" }"#,
            keys: [
                .optional("heartbeat", .duration, "How often machines report (1s)."),
                .optional("suspect_after", .duration, "Silence that makes a machine suspect (3s)."),
                .optional("failed_after", .duration, "Silence that makes it failed (10s)."),
                .optional("quiet_time", .duration, "After an engine start nothing is concluded from silence for so long (15s)."),
                .optional("stall_after", .duration, "A gap in the engine's own running that begins the count anew (1.5s)."),
                .optional("power_poll", .duration, "How often BMCs are read (10s)."),
                .optional("power_poll_urgent", .duration, "The same for machines in question (1s)."),
                .optional("fence_timeout", .duration, "How long a rung of a fence ladder, or a power off, may take (60s)."),
                .optional("start_timeout", .duration, "How long a machine may take to report after power on (300s)."),
                .optional("isolation_count", .integer, "So many silent at once may be the engine's own fault (3)."),
                .optional("isolation_share", .number, "… when they are more than this part of all (1/3)."),
                .optional("failover_limit", .integer, "Failovers that are under way at once; others wait, by priority (20)."),
                .optional(
                    "flap_count", .integer, "So many failures of a machine make it one that flaps, and is chosen after all others (3) …"),
                .optional("flap_time", .duration, "… when they come within so long; it ends as long after the last one (1h)."),
                .optional("step_limit", .integer, "The steps that one run may take (10000)."),
                .optional("journal_limit", .size, "As much as one run's journal may hold of arguments and results (16M)."),
                .optional(
                    "run_limit", .integer, "Runs of one hook that execute at once; those that only wait do not count (200)."),
                .optional(
                    "queue_limit", .integer, "Runs of one hook that wait in memory; past it, its events wait in the store (1000)."
                ),
                .optional("lease_margin", .duration, "How long after a watchdog's timeout its machine is believed to be reset (5s)."),
                .optional("dedup_window", .duration, "How long the key of an event is remembered (24h)."),
                .optional(
                    "keep_events", .duration,
                    "How long events are kept, with claims that are over and evidence that is used up (90d)."),
                .optional("keep_runs", .duration, "How long runs that are over are kept, with their journals (30d)."),
                .optional("policy_memory", .size, "Memory of one hook file's runs, unless it asks for other `limits` (64M)."),
                .optional("policy_memory_most", .size, "As much as it may ask for (256M)."),
                .optional("policy_slice", .duration, "Processor time of a run between two steps (50ms)."),
                .optional("policy_slice_most", .duration, "As much as a file may ask for (1s)."),
                .optional(
                    "allow_http", .list(.text),
                    "Web addresses that scripts may ask: these and those below them, same scheme, host and port (none)."),
                .optional(
                    "allow_exec", .list(.text),
                    "Programs that they may execute beside the engine, by absolute path (none)."),
                .optional(
                    "allow_secrets", .list(.text),
                    "Secrets that their requests may carry; with a `/` at the end all under it (none)."),
                .optional(
                    "exec_on",
                    .options([
                        .optional("allow", .list(.text), "The programs, by absolute path."),
                        .field("user", .text, "Who logs in."),
                        .field("key", .text, "The file with the private key."),
                        .field("known_hosts", .text, "The file with the machines' host keys; others are refused."),
                        .optional("port", .integer, "The port of their SSH servers (22)."),
                    ]), "Programs that they may execute on machines, by OpenSSH's client (none)."),
            ]),
        FleetWord(
            "policy", hasName: true, "What a policy is told; its hook says what it reads. Any plain table.",
            example: #"policy "power_saving" { spare = 1, after = "15m" }"#, keys: []),
        FleetWord(
            "boot_network", hasName: false, "The network that machines boot from.",
            example: #"boot_network { interface = "eth1", address = "10.77.0.1/24", files = "/var/lib/muster/boot" }"#,
            keys: [
                .field("interface", .text, "The engine's network card there."),
                .field("address", .text, "The engine's own address there, with prefix."),
                .field("files", .text, "The folder of vmlinuz, ramdisk.gz, undionly.kpxe, snponly.efi."),
                .optional("range", .text, "Two addresses, for machines that are not declared."),
                .optional("http_port", .integer, "The boot service's port (8080)."),
                .optional("kernel_arguments", .text, "More arguments for the machines' kernel."),
            ]),
        FleetWord(
            "host", hasName: true, "A physical machine.",
            example: #"host "node1" { mac = "52:54:00:77:00:01", memory = "64G", cpus = 16 }"#,
            keys: [
                .optional("mac", .text, "The card that it boots from; this or `macs`."),
                .optional("macs", .list(.text), "More cards."),
                .optional("address", .text, "Its address on the boot network."), .optional("memory", .size, "Its memory."),
                .optional("cpus", .integer, "Its CPUs (1)."), .optional("tags", .list(.text), "What servers may ask for."),
                .optional("rack", .text, "Where it stands; machines of one rack may fail together."),
                .optional("watts", .integer, "What it draws with a server on it; `status` then says what sleeping machines save."),
                .optional("watts_idle", .integer, "What it draws while it waits (the same)."),
                .optional(
                    "bmc",
                    .options([
                        .field("address", .text, "Where it answers."), .field("user", .text, "Who asks."),
                        .optional("password", .object("secret"), "`secret \"bmc/NAME\"`; never in plain text."),
                        .optional("port", .integer, "Its port (623)."),
                        .optional(
                            "cipher_suites", .either([.integer, .list(.integer)]), "Tried in order ({ 17, 3 }); 0 is refused."),
                        .optional("workarounds", .list(.text), "libfreeipmi's names."),
                    ]), "How it is switched from afar."),
                .optional(
                    "fence", .list(.either([.choice(FenceRung.Kind.allCases.filter { $0 != .agent }.map(\.rawValue)), .table])),
                    """
                    How it is fenced: rungs, tried in order until one has evidence ({ "bmc", "storage" }). A rung is a word, an `agent`, \
                    or one of both with a time of its own: `{ "bmc", timeout = "20s" }`.
                    """),
                .optional(
                    "watchdog",
                    .options([
                        .optional(
                            "timeout", .duration, "How long it waits for the next acknowledged heartbeat until it resets the machine (30s)."
                        ),
                        .optional("soft", .boolean, "Whether the kernel's `softdog` counts, which is no hardware (false)."),
                    ]), "Its watchdog, armed where `fence` has \"lease\"."),
            ]),
        FleetWord(
            "vm", hasName: true,
            "A virtual machine: created by its hypervisor when it is started, it boots from the network as a host does.",
            example: #"vm "web-a" { hypervisor = "node3", mac = "52:54:00:77:01:01", memory = "4G", cpus = 2 }"#,
            keys: [
                .field("hypervisor", .text, "The host that it runs on."),
                .optional("mac", .text, "The card that it boots from; this or `macs`."),
                .optional("macs", .list(.text), "More cards."),
                .optional("address", .text, "Its address on the boot network."),
                .field("memory", .size, "Its memory, which its hypervisor gives it."),
                .optional("cpus", .integer, "Its CPUs (1)."), .optional("tags", .list(.text), "What servers may ask for."),
                .optional(
                    "fence", .list(.either([.choice(["hypervisor", "storage", "lease"]), .table])),
                    "As of a host ({ \"hypervisor\", \"storage\" })."),
                .optional(
                    "watchdog", .options([.optional("timeout", .duration, "As of a host."), .optional("soft", .boolean, "As of a host.")]),
                    "As of a host."),
            ]),
        FleetWord(
            "image", hasName: true, "An operating system on a disk.",
            example: #"image "shop" { path = "/var/lib/muster/images/shop.raw" }"#,
            keys: [
                .field("path", .text, "Where it lies on the engine's machine."),
                .optional("format", .choice(Image.Format.allCases.map(\.rawValue)), "How it is stored (raw)."),
            ]),
        FleetWord(
            "server", hasName: true, "A workload.",
            example: #"server "shop" { image = "shop", memory = "4G", priority = 10, ready = { http = "http://10.77.0.100/" } }"#,
            keys: [
                .field("image", .text, "The name of its image."), .optional("memory", .size, "The memory it needs."),
                .optional("cpus", .integer, "The CPUs it needs (1)."),
                .optional("tags", .list(.text), "What its machine must have."),
                .optional("priority", .integer, "Higher goes first (0)."),
                .optional("prefer", .list(.text), "Names and tags of machines that come first."),
                .optional("avoid", .list(.text), "Names and tags of machines that come last."),
                .optional("affinity", .list(.text), "Servers and pools whose racks it would share."),
                .optional("anti_affinity", .list(.text), "Servers and pools whose racks it would rather not share; its own pool is one."),
                .optional("pool", .text, "The group of like servers that it belongs to; see `muster.scaling`."),
                .optional("address", .text, "Its own address, with prefix, which travels with it."),
                .optional(
                    "ready",
                    .options([
                        .optional("http", .text, "A URL that answers 200–399."),
                        .optional("tcp", .text, "`address:port` that accepts."),
                        .optional("timeout", .duration, "How long it may take (120s)."),
                    ]), "When it counts as running; `http` or `tcp`."),
                .optional(
                    "target", .choice(["running", "stopped"]),
                    """
                    What it should be when it is declared for the first time; from then on `muster server start` and `stop` \
                    decide.
                    """
                ),
            ]),
    ]

    public static func fleetWord(_ name: String) -> FleetWord? { fleetWords.first { $0.name == name } }

    /// `agent "PROGRAM" { … }`, a rung of a fence ladder.
    static let agent = ScriptCall.written(
        "agent", [.field("program", .text, "The program's name, without a path.")],
        returns: .handler(
            ScriptHandler(.call, [.field("options", .map(.any), "As its manual names them; `action` is the engine's.")], returns: .table)),
        "A rung that has a machine switched off by one of the `fence_*` programs of Debian's `fence-agents`.",
        example: #"fence = { "bmc", agent "fence_apc_snmp" { ip = "10.0.0.9", plug = 3, password = secret "apc" }, "storage" }"#)

    /// `secret "NAME"`, the value that stands for a secret in the fleet file.
    static let secret = ScriptCall.written(
        "secret", [.field("name", .text, "The secret's name.")], returns: .object("secret"),
        "Stands for a secret that `muster secret set NAME` stored.", example: #"password = secret "bmc/node1""#)
}
