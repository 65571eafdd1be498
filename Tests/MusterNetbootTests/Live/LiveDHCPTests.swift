import Foundation
import MusterCore
import MusterNetboot
import Testing

extension Live {
    /// busybox's udhcpc, as itself and in the clothes of firmware.
    @Suite("DHCP") struct DHCP {
        @Test("a declared machine gets its address, mask, router and lease time, and no boot file") func declared() async throws {
            try await BootLab.run { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                let lease = try await lab.lease()
                #expect(lease["ip"] == "10.77.0.11" && lease["subnet"] == "255.255.255.0" && lease["mask"] == "24")
                #expect(lease["router"] == "10.77.0.1" && lease["serverid"] == "10.77.0.1" && lease["lease"] == "3600")
                #expect(lease["boot_file"] == nil && lease["bootfile"] == nil && lease["siaddr"] == nil)
            }
        }

        @Test(
            "firmware gets its boot file",
            arguments: [
                (["-V", "PXEClient:Arch:00000", "-x", "0x5d:0000"], "undionly.kpxe"),
                (["-V", "PXEClient:Arch:00007", "-x", "0x5d:0007"], "snponly.efi"),
                (["-V", "PXEClient:Arch:00009", "-x", "0x5d:0009"], "snponly.efi"),
                (["-V", "HTTPClient:Arch:00016", "-x", "0x5d:0010"], "http://10.77.0.1:8080/files/snponly.efi"),
                (
                    ["-V", "PXEClient:Arch:00000", "-x", "0x5d:0000", "-x", "0x4d:69505845"],
                    "http://10.77.0.1:8080/boot.ipxe?mac=52:54:00:77:00:01&uuid=${uuid}&arch=${buildarch}"
                ),
            ])
        func bootFiles(arguments: [String], file: String) async throws {
            try await BootLab.run { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                let lease = try await lab.lease(arguments + ["-O", "bootfile", "-O", "tftp", "-O", "vendor"])
                #expect(lease["boot_file"] == file && lease["bootfile"] == file)
                #expect(lease["siaddr"] == "10.77.0.1")
                #expect(lease["tftp"] == (file.hasPrefix("http") ? nil : "10.77.0.1"))
                #expect(
                    (lease["vendor"] == "HTTPClient" || lease["opt60"] == "48545450436c69656e74")
                        == (arguments[1].hasPrefix("HTTP")))
            }
        }

        @Test("an undeclared machine gets an address of the range, the same each time, also when released") func undeclared()
            async throws
        {
            try await BootLab.run { lab in
                let first = try #require(try await lab.lease(["-R"])["ip"])
                #expect(first.hasPrefix("10.77.0.5"))
                #expect(try await lab.lease()["ip"] == first)
                #expect(try await lab.counters().dhcp.answered == 4)
            }
        }

        @Test("without a range an undeclared machine gets nothing, and the reason is counted") func noRange() async throws {
            try await BootLab.run(range: "none") { lab in
                let lease = try await lab.lease()
                #expect(lease.isEmpty)
                let counters = try await lab.counters()
                #expect(counters.dhcp.ignored["no_range", default: 0] > 0)
            }
        }

        @Test("a machine that asks for another's address is refused and gets its own") func wrongAddress() async throws {
            try await BootLab.run { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                #expect(try await lab.lease(["-r", "10.77.0.200"])["ip"] == "10.77.0.11")
            }
        }

        @Test("the service comes back when its interface is removed and made anew") func interfaceAnew() async throws {
            try await BootLab.run { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                try await lab.ip(lab.server, "link delete br0")
                for line in [
                    "link add br0 type bridge", "link set br0 up", "address add 10.77.0.1/24 dev br0", "link set p0 master br0",
                ] {
                    try await lab.ip(lab.server, line)
                }
                let deadline = ContinuousClock.now + .seconds(60)
                var lease: [String: String] = [:]
                while lease.isEmpty, ContinuousClock.now < deadline { lease = try await lab.lease() }
                #expect(lease["ip"] == "10.77.0.11")
            }
        }

        @Test("a second service on the same network says what is wrong and what to do") func portInUse() async throws {
            try await BootLab.run { lab in
                let second = try await lab.secondService(interface: "br0")
                #expect(second.code == "boot_network" && second.message.contains("DHCP on port 67"))
                #expect(second.hint?.contains("ss -lunp") == true)
                let nowhere = try await lab.secondService(interface: "nowhere")
                #expect(nowhere.code == "boot_network" && nowhere.hint?.contains("ip link") == true)
            }
        }
    }
}

extension BootLab {
    /// What udhcpc tells its script about the lease it got; empty when it got none.
    func lease(_ arguments: [String] = []) async throws -> [String: String] {
        let script = folder.appending(path: ".udhcpc")
        try Data("#!/bin/sh\n[ \"$1\" = bound ] && env\n".utf8).write(to: script)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
        let output = try await client(
            ["busybox", "udhcpc", "-n", "-q", "-f", "-t", "4", "-T", "1", "-i", Self.wire, "-s", script.path] + arguments)
        guard output.status == 0 else { return [:] }
        let pairs = output.text.split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts.first ?? "", parts.count == 2 ? parts[1] : "")
        }
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }

    /// Starts one more service in the server's namespace, and returns why it failed.
    func secondService(interface: String) async throws -> MusterError {
        let companion = try Companion(
            [
                try Tool.path("nsenter"), "-n", "-t", "\(server.pid)", try Self.probe(), interface, "10.77.0.1/24", "none",
                folder.path, "",
            ])
        let error = try Value(json: try await companion.line("failed")).decode(MusterError.self)
        _ = await companion.end()
        return error
    }
}
