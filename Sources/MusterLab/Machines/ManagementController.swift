import Foundation
import MusterCore

/// The BMC of a lab machine: an `ipmi_sim` whose chassis control is `chassis.sh`.
struct ManagementController {
    static let user = "admin"
    static let port = 623

    var machine: LabMachine
    /// The machine's own folder.
    var folder: String
    var password: String
    /// The lab's folder, with `chassis.sh` and `bmc.emu`.
    var lab: String

    /// Writes what the machine and its BMC read.
    func prepare(acceleration: Acceleration) throws(MusterError) {
        try Files.makeFolder("\(folder)/state/ipmi_sim/\(machine.name)")
        try Files.write(settings(acceleration), "\(folder)/settings")
        try Files.write("default\n", "\(folder)/boot")
        try Files.write("", "\(folder)/console.log")
        try Files.write(configuration, "\(folder)/lan.conf", mode: 0o600)
        for end in ["in", "out"] { mkfifo("\(folder)/monitor.\(end)", 0o600) }
    }

    /// Starts it inside the sandbox, as a child of the sandbox's PID 1.
    func start(in sandbox: Sandbox) throws(MusterError) {
        let script = "cd \"$1\" && ipmi_sim -c lan.conf -f \"$2/bmc.emu\" -s state -n </dev/null >bmc.log 2>&1 &"
        try Command.run(sandbox.prefix + ["sh", "-c", script, "sh", folder, lab], hint: "see \(folder)/bmc.log")
    }

    /// True when it listens.
    func isListening(sockets: String) -> Bool {
        // /proc/net/udp shows addresses as hexadecimal numbers in the machine's byte order.
        let address = machine.bmcAddress.octets.reversed().map { String(format: "%02X", $0) }.joined()
        return sockets.contains("\(address):\(String(format: "%04X", Self.port))")
    }

    private func settings(_ acceleration: Acceleration) -> String {
        """
        name=\(machine.name)
        mac=\(machine.mac)
        uuid=\(machine.uuid)
        tap=\(machine.tap)
        memory=\(machine.memoryMiB)
        cpus=\(machine.cpus)
        accelerator=\(acceleration.name)
        cpu=\(acceleration.cpu)
        watchdog=\(machine.watchdog ?? "")

        """
    }

    /// IPMI sends a GUID with its last byte first (specification 2.0, table 20-10), and ipmi_sim sends its bytes as written here.
    private var guid: String {
        let digits = Array(machine.uuid.filter { $0 != "-" })
        return stride(from: digits.count - 2, through: 0, by: -2).map { String(digits[$0...($0 + 1)]) }.joined()
    }

    private var configuration: String {
        """
        name "\(machine.name)"
        set_working_mc 0x20
          startlan 1
            addr \(machine.bmcAddress) \(Self.port)
            priv_limit admin
            allowed_auths_callback none md2 md5 straight
            allowed_auths_user none md2 md5 straight
            allowed_auths_operator none md2 md5 straight
            allowed_auths_admin none md2 md5 straight
            guid \(guid)
          endlan
          chassis_control "sh \(lab)/chassis.sh \(folder)"
          user 1 false "" "" user 10 none md2 md5 straight
          user 2 true "\(Self.user)" "\(password)" admin 10 none md2 md5 straight

        """
    }
}
