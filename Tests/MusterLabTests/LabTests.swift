import Foundation
import MusterCore
import Testing

@testable import MusterLab

@Suite(.serialized) struct LabTests {
    @Test func upShowsMachinesThatAreOffAndDownLeavesNothing() throws {
        var folder = ""
        try LabFixture.withLab(machines: 3) { lab in
            folder = lab.folder
            let status = lab.status()
            #expect(status.up && status.machines.map(\.name) == ["node1", "node2", "node3"])
            #expect(status.machines.allSatisfy { $0.power == .off && $0.pid == nil })
            for file in ["vmlinuz", "ramdisk.gz", "undionly.kpxe", "snponly.efi"] {
                #expect(Files.exists("\(lab.bootFolder)/\(file)"))
            }
            let fleet = String(decoding: try Files.read(lab.fleetFile), as: UTF8.self)
            for part in ["host \"node3\"", "52:54:00:77:00:03", "secret \"bmc/node3\""] { #expect(fleet.contains(part)) }
            let mode = try FileManager.default.attributesOfItem(atPath: lab.passwordFile)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            let again = #expect(throws: MusterError.self) { try lab.up() }
            #expect(again?.code == "lab_up")
            #expect(lab.isUp)

            for machine in 1...3 { #expect(try LabFixture.ipmi(lab, ["power", "on"], machine: machine).status == 0) }
            #expect(lab.status().machines.allSatisfy { $0.power == .on })
        }
        #expect(!Files.exists(folder))
        #expect(LabFixture.processes(naming: folder).isEmpty)
    }

    /// Which of the two it is depends on the machine; that it was found out and said does not.
    @Test func theAccelerationIsFoundOutByAGuest() throws {
        try LabFixture.withFolder { folder in
            let lab = Lab(folder: "\(folder)/lab")
            var options = Lab.Options()
            options.machines = 1
            var said: [String] = []
            let status = try lab.up(options) { said.append($0) }
            defer { try? lab.down() }
            let found = try #require(status.acceleration)
            #expect(said.contains { $0.contains("machines run with \(found.rawValue.uppercased())") }, "\(said)")
            let guests = LabFixture.processes(naming: "\(lab.folder)/probe.pid")
            #expect(guests.isEmpty, "\(guests)")
        }
    }

    @Test func aFolderOfSomethingElseIsLeftAlone() throws {
        try LabFixture.withFolder { folder in
            try Files.write("mine", "\(folder)/letter.txt")
            let error = #expect(throws: MusterError.self) { try Lab(folder: folder).up() }
            #expect(error?.code == "not_a_lab")
            #expect(throws: MusterError.self) { try Lab(folder: folder).down() }
            #expect(Files.exists("\(folder)/letter.txt"))
        }
    }

    @Test func withoutALabTheErrorsSaySo() throws {
        let lab = Lab(folder: "/nonexistent/lab")
        #expect(!lab.status().up)
        try lab.down()
        let error = #expect(throws: MusterError.self) { try lab.kill("node1") }
        #expect(error?.code == "lab_down")
    }

    @Test func theBMCSwitchesARealMachineAndReadsItsProcess() throws {
        try LabFixture.withLab { lab in
            func reading() throws -> String { try LabFixture.ipmi(lab, ["power", "status"]).text }
            #expect(try reading().contains("is off"))
            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            let machine = try #require(lab.status().machines.first)
            let pid = try #require(machine.pid)
            let command = try String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            #expect(command.hasPrefix("qemu-system-x86_64") && command.contains(machine.uuid))
            #expect(try reading().contains("is on"))
            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            #expect(lab.status().machines.first?.pid == pid)

            #expect(try LabFixture.ipmi(lab, ["chassis", "bootdev", "pxe"]).status == 0)
            #expect(try LabFixture.ipmi(lab, ["power", "reset"]).status == 0)
            #expect(try LabFixture.ipmi(lab, ["power", "soft"]).status == 0)
            #expect(lab.status().machines.first?.pid == pid)

            #expect(try LabFixture.ipmi(lab, ["power", "off"]).status == 0)
            try LabFixture.eventually("the machine is off") { try reading().contains("is off") }
            #expect(!Files.exists("/proc/\(pid)"))
            #expect(lab.status().machines.first?.power == .off)
        }
    }

    @Test func theBMCReportsTheMachinesUUIDAndChecksPasswords() throws {
        try LabFixture.withLab { lab in
            let uuid = try lab.machines()[0].uuid
            let password = String(decoding: try Files.read(lab.passwordFile), as: UTF8.self)
            let answer = try lab.run(
                ["bmc-info", "--get-system-guid", "-D", "LAN_2_0", "-I", "3", "-W", "opensesspriv", "-h", "127.0.1.1"]
                    + ["-l", "admin", "-u", "admin", "-p", password])
            #expect(answer.text.lowercased().contains(uuid), "\(answer.text) \(answer.errors)")
            #expect(try LabFixture.ipmi(lab, ["power", "status"], password: "wrong").status != 0)
        }
    }

    @Test func aFrozenMachineStaysOnAndACutOneIsOff() throws {
        try LabFixture.withLab { lab in
            #expect(throws: MusterError.self) { try lab.kill("node1", .freeze) }
            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            try lab.kill("node1", .freeze)
            try LabFixture.eventually("frozen") { lab.status().machines.first?.frozen == true }
            #expect(try LabFixture.ipmi(lab, ["power", "status"]).text.contains("is on"))
            try lab.kill("node1", .thaw)
            try LabFixture.eventually("thawed") { lab.status().machines.first?.frozen == false }
            #expect(lab.status().machines.first?.power == .on)

            // The fence must work on a machine that hangs.
            try lab.kill("node1", .freeze)
            #expect(try LabFixture.ipmi(lab, ["power", "off"]).status == 0)
            try LabFixture.eventually("off") { try LabFixture.ipmi(lab, ["power", "status"]).text.contains("is off") }

            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            try lab.kill("node1", .power)
            #expect(try LabFixture.ipmi(lab, ["power", "status"]).text.contains("is off"))
            let unknown = #expect(throws: MusterError.self) { try lab.kill("node9") }
            #expect(unknown?.hint?.contains("node1") == true)
        }
    }
}
