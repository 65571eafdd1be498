import MusterCore

/// The text of the lab's `fleet.lua`.
struct LabFleet {
    var machines: [LabMachine]
    /// The lab's folder.
    var folder: String

    /// The latter half shortens the boot of an emulated guest.
    static let kernelArguments =
        "console=ttyS0 quiet panic=5 mitigations=off tsc=reliable no_timer_check cryptomgr.notests nokaslr"

    var text: String {
        """
        -- The lab's fleet: machines without disks, and one server that any of them can run.

        settings { heartbeat = "1s", suspect_after = "3s", failed_after = "10s" }

        boot_network {
          interface = "lab0", address = "10.77.0.1/24", range = "10.77.0.200-10.77.0.250",
          files = "\(folder)/boot",
          kernel_arguments = "\(Self.kernelArguments)",
        }

        \(machines.map(host).joined(separator: "\n"))

        image "shop" { path = "\(folder)/shop.raw", format = "raw" }

        server "shop" {
          image = "shop", memory = "128M", cpus = 1, priority = 10, address = "10.77.0.100/24",
          ready = { http = "http://10.77.0.100/", timeout = "90s" },
        }

        """
    }

    private func host(_ machine: LabMachine) -> String {
        """
        host "\(machine.name)" {
          mac = "\(machine.mac)", address = "\(machine.address)",
          memory = "\(machine.memoryMiB)M", cpus = \(machine.cpus), tags = { "web" },
          bmc = { address = "\(machine.bmcAddress)", port = \(ManagementController.port), user = "\(ManagementController.user)", \
        password = secret "bmc/\(machine.name)",
            cipher_suites = { 3 }, workarounds = { "opensesspriv" } }, -- what ipmi_sim can
        }
        """
    }
}
