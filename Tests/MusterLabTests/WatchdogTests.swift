import Foundation
import MusterCore
import Testing

@testable import MusterLab

/// A real watchdog device, QEMU's i6300esb, under Debian's full kernel: the machine whose heartbeats are not acknowledged is reset by its hardware.
@Suite(.serialized) struct WatchdogTests {
    private let folder = NSTemporaryDirectory() + "muster-watchdog-\(UUID().uuidString.prefix(8))"

    /// The boot service's part: answers every report and heartbeat with the content of `answer`, and keeps what it was asked.
    private func serve(port: Int) throws -> Process {
        for request in ["report", "heartbeat"] {
            let script = """
                #!/bin/sh
                echo "/\(request)?$QUERY_STRING" >>\(folder)/requests
                printf 'Content-Type: text/plain\\r\\n\\r\\n'
                cat \(folder)/answer

                """
            try Files.makeFolder("\(folder)/www/cgi-bin")
            try Files.write(script, "\(folder)/www/cgi-bin/\(request)", mode: 0o755)
        }
        return try start(["/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", "\(folder)/www"])
    }

    private func start(_ command: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func end(_ process: Process) {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    private func text(_ name: String) -> String { (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "" }

    private func answer(_ text: String) throws { try Files.write(text + "\n", "\(folder)/answer") }

    @Test func aMachineThatNobodyAcknowledgesIsResetByItsHardware() throws {
        try Files.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var ramdisk = RamdiskBuilder(kernel: try KernelCache.kernel(.full))
        ramdisk.modules = RamdiskBuilder.virtualModules
        let boot = try ramdisk.build(into: folder)
        let port = 20_000 + Int(getpid()) % 20_000
        try answer("ok 7")
        let server = try serve(port: port)
        defer { end(server) }
        let qemu = try #require(ProgramPath.find("qemu-system-x86_64"), "apt-get install qemu-system-x86")
        let arguments =
            "console=ttyS0 quiet mitigations=off tsc=reliable no_timer_check muster.url=http://10.0.2.2:\(port)/cgi-bin "
            + "muster.mac=52:54:00:77:00:01 muster.plan=discover muster.token=abcd muster.epoch=7 muster.watchdog=20"
        // Without -no-reboot a reset would begin the next boot; with it, it ends QEMU.
        let machine = try start([
            qemu, "-accel", "tcg", "-m", "256", "-nodefaults", "-display", "none", "-serial", "file:\(folder)/console",
            "-kernel", boot.kernel, "-initrd", boot.ramdisk, "-append", arguments, "-netdev", "user,id=boot",
            "-device", "virtio-net-pci,netdev=boot,mac=52:54:00:77:00:01,romfile=", "-device", "i6300esb", "-watchdog-action", "reset",
            "-no-reboot",
        ])
        defer { end(machine) }

        // Acknowledged, it lives for longer than its watchdog waits; it says what it read back from the device.
        try LabFixture.eventually("heartbeats; console: \(text("console").suffix(500))", seconds: 180) {
            text("requests").split(separator: "\n").count { $0.hasPrefix("/heartbeat") && $0.contains("watchdog=i6300esb:20") } >= 25
        }
        #expect(machine.isRunning && text("console").contains("the watchdog i6300esb:20 is armed"))

        // An acknowledgement of another claim feeds nothing. It goes on asking, its system is well, and its hardware resets it.
        try answer("ok 8")
        let before = text("requests").split(separator: "\n").count
        try LabFixture.eventually("the watchdog resets it; console: \(text("console").suffix(500))", seconds: 120) { !machine.isRunning }
        #expect(text("requests").split(separator: "\n").count > before, "it was alive to its end")
        #expect(!text("console").contains("told to restart"))
    }
}
