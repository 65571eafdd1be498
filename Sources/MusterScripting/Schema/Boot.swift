import MusterEngine

extension Schema {
    static let boot = ScriptTable(
        "boot", "What machines boot.",
        [
            .step(
                "plan", [.field("resource", .named("resource"), "The machine.")], returns: .object("plan"),
                "What it would be told at its next boot.", example: #"log(boot.plan("node1").plan)"#)
        ] + bootAnswers)

    static let plan = ScriptClass(
        "plan", isSnapshot: false, "What a machine does at its next boot.",
        fields: [
            .field(
                "plan", .choice(["discover", "image", "local"]),
                "Report and wait, run a server's image, or boot its own disk."),
            .optional("server", .text, "The name of the server whose image it runs."),
        ])

    private static let target: ScriptField = .field("resource", .named("resource"), "The machine.")

    static let ipmi = ScriptTable(
        "ipmi", "The power methods of `resource`, as functions.",
        [
            .alias(
                "power", [target], of: "resource.read_power", returns: .choice(["on", "off", "unknown"]), "Asks its BMC now."),
            .alias(
                "on", [target, .options(.optional("timeout", .duration, "How long to wait until its BMC reads on."))],
                of: "resource.power_on", "Switches it on and waits until its BMC reads on."),
            .alias(
                "off", [target], of: "resource.power_off", returns: .object("evidence"),
                "Switches it off hard and waits until its BMC reads off."),
            .alias("soft_off", [target], of: "resource.shut_down", "Asks its operating system to shut down."),
            .alias(
                "set_boot_device",
                [target, .field("device", .choice(BootDevice.allCases.map(\.rawValue)), "What it boots from.")],
                of: "resource.set_boot_device", "For its next boot only."),
        ])
}
