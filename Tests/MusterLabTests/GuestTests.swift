import Foundation
import MusterCore
import Testing

@testable import MusterLab

/// The whole way of a guest: firmware, network boot, ramdisk, root over NBD, the server's own init. The boot service's part
/// is played by dnsmasq and busybox, which answer every report and heartbeat with the content of a file, `answer`.
@Suite(.serialized) struct GuestTests {
    private let server = "http://10.77.0.100"

    private func start(_ lab: Lab, plan: String) throws {
        let boot = lab.bootFolder
        try Files.write(
            """
            #!ipxe
            kernel vmlinuz initrd=ramdisk.gz \(LabFleet.kernelArguments) muster.url=http://10.77.0.1:8080/cgi-bin \
            muster.mac=${net0/mac} muster.token=abcd \(plan)
            initrd ramdisk.gz
            boot

            """, "\(boot)/boot.ipxe")
        try Files.makeFolder("\(boot)/cgi-bin")
        try Files.write("ok\n", "\(lab.folder)/answer")
        for request in ["report", "heartbeat"] {
            let script = """
                #!/bin/sh
                echo "/\(request)?$QUERY_STRING" >>\(lab.folder)/requests
                printf 'Content-Type: text/plain\\r\\n\\r\\n'
                cat \(lab.folder)/answer

                """
            try Files.write(script, "\(boot)/cgi-bin/\(request)", mode: 0o755)
        }
        try Files.write(
            """
            port=0
            interface=lab0
            bind-interfaces
            user=root
            dhcp-range=10.77.0.200,10.77.0.250,255.255.255.0,1h
            dhcp-host=52:54:00:77:00:01,10.77.0.11
            dhcp-host=52:54:00:77:00:02,10.77.0.12
            dhcp-leasefile=\(lab.folder)/leases
            pid-file=\(lab.folder)/dnsmasq.pid
            dhcp-boot=http://10.77.0.1:8080/boot.ipxe
            enable-ra
            dhcp-range=fd77::,ra-only,64,1h
            ra-param=lab0,4,1800

            """, "\(lab.folder)/dnsmasq.conf")
        let commands = """
            cd "$1" && ip address add fd77::1/64 dev lab0 nodad && dnsmasq -C "$1/dnsmasq.conf" &&
            busybox httpd -vv -f -p 10.77.0.1:8080 -h "$1/boot" </dev/null >"$1/http.log" 2>&1 &
            """
        try Command.run(try lab.enter(["sh", "-c", commands, "sh", lab.folder]), hint: "apt-get install dnsmasq-base")
    }

    private func export(_ lab: Lab, _ name: String, port: Int) throws {
        let qemu = [
            "qemu-nbd", "-x", name, "-t", "-e", "4", "-f", "raw", "-b", "10.77.0.1", "-p", String(port), "--fork",
            "--pid-file=\(lab.folder)/\(name).pid", "\(lab.folder)/shop.raw",
        ]
        try Command.run(try lab.enter(qemu), hint: "apt-get install qemu-utils")
    }

    private func web(_ lab: Lab, _ words: [String]) throws -> String { try lab.run(["curl", "-s", "-m", "5"] + words).text }

    private func requests(_ lab: Lab, _ what: String) -> [Substring] {
        let logs = ["http.log", "requests"].map { (try? String(contentsOfFile: "\(lab.folder)/\($0)", encoding: .utf8)) ?? "" }
        return logs.joined().split(separator: "\n").filter { $0.contains(what) }
    }

    private func console(_ lab: Lab, _ name: String) -> String {
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: "\(lab.machineFolder(name))/console.log"))) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func aServerMovesToAnotherMachineWithItsOrders() throws {
        try LabFixture.withLab(machines: 2) { lab in
            let plan =
                "muster.plan=image muster.epoch=7 muster.server=shop muster.address=10.77.0.100/24 muster.root=nbd:10.77.0.1:"
            try start(lab, plan: plan + "10809:first")
            try export(lab, "first", port: 10809)
            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            try LabFixture.eventually("the shop answers; console: \(console(lab, "node1").suffix(500))", seconds: 180) {
                try web(lab, ["\(server)/"]) == "shop\n"
            }
            #expect(try web(lab, ["-d", "one lamp", "\(server)/cgi-bin/orders"]) == "taken\n")

            let uuid = try lab.machines()[0].uuid
            let report = try #require(requests(lab, "/report?").first)
            for word in ["mac=52:54:00:77:00:01", "token=abcd", "uuid=\(uuid)", "memory_mib=256", "cpus=1", "epoch=7", "arch="] {
                #expect(report.contains(word), "\(report)")
            }
            try LabFixture.eventually("a heartbeat of the running server") { !requests(lab, "state=running").isEmpty }

            // Power loss without a warning; the order was answered, so it is there.
            try lab.kill("node1", .power)
            let first = try String(contentsOfFile: "\(lab.folder)/first.pid", encoding: .utf8)
            try Command.run(try lab.enter(["kill", first.trimmingCharacters(in: .whitespacesAndNewlines)]))
            try start(lab, second: plan + "10810:second")
            try LabFixture.eventually("the image is free") { (try? export(lab, "second", port: 10810)) != nil }
            #expect(try LabFixture.ipmi(lab, ["power", "on"], machine: 2).status == 0)
            try LabFixture.eventually("the shop answers from node2", seconds: 180) {
                try web(lab, ["\(server)/cgi-bin/orders"]) == "one lamp\n"
            }

            // A cut export ends the machine, although nothing writes.
            let boots = requests(lab, "boot.ipxe").count
            let second = try String(contentsOfFile: "\(lab.folder)/second.pid", encoding: .utf8)
            try Command.run(try lab.enter(["kill", "-9", second.trimmingCharacters(in: .whitespacesAndNewlines)]))
            try LabFixture.eventually("node2 starts anew", seconds: 120) { requests(lab, "boot.ipxe").count > boots }
        }
    }

    private func start(_ lab: Lab, second plan: String) throws {
        let path = "\(lab.bootFolder)/boot.ipxe"
        let old = try String(contentsOfFile: path, encoding: .utf8)
        let arguments = try #require(old.range(of: "muster.plan=[^\n]*", options: .regularExpression))
        try Files.write(old.replacingCharacters(in: arguments, with: plan), path)
    }

    @Test func aDiscoveredMachineReportsIdlesAndObeys() throws {
        try LabFixture.withLab { lab in
            try start(lab, plan: "muster.plan=discover")
            #expect(try LabFixture.ipmi(lab, ["power", "on"]).status == 0)
            try LabFixture.eventually("an idle heartbeat; console: \(console(lab, "node1").suffix(500))", seconds: 180) {
                requests(lab, "/heartbeat").contains { $0.contains("state=idle") && $0.contains("epoch=0") }
            }
            #expect(console(lab, "node1").contains("muster: discover: idle"))

            let boots = requests(lab, "boot.ipxe").count
            // The next report is answered with it, too, so it starts anew again and again until it is told otherwise.
            try Files.write("reset\n", "\(lab.folder)/answer")
            try LabFixture.eventually("it starts anew", seconds: 120) { requests(lab, "boot.ipxe").count > boots }
            try Files.write("halt\n", "\(lab.folder)/answer")
            try LabFixture.eventually("it powers itself off", seconds: 180) { lab.status().machines.first?.power == .off }
            #expect(try LabFixture.ipmi(lab, ["power", "status"]).text.contains("is off"))
        }
    }
}
