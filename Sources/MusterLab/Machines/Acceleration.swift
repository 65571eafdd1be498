import Foundation
import MusterCore

/// How the lab's machines compute.
public enum Acceleration: String, Codable, Sendable {
    case kvm, tcg

    /// The word that QEMU uses.
    var name: String { rawValue }
    var cpu: String { self == .kvm ? "host" : "max" }

    /// KVM when a probe guest really came up with it, else TCG. A device that opens is no proof.
    static func probe(
        in sandbox: Sandbox, kernel: String, ramdisk: String, folder: String, progress: (String) -> Void
    ) throws(MusterError) -> Acceleration {
        guard access("/dev/kvm", R_OK | W_OK) == 0 else {
            progress("machines run with TCG: /dev/kvm is not usable")
            return .tcg
        }
        progress("trying whether a guest really runs with KVM")
        let console = "\(folder)/probe.log"
        let pidFile = "\(folder)/probe.pid"
        let command = [
            "qemu-system-x86_64", "-name", "probe", "-daemonize", "-pidfile", pidFile, "-no-reboot", "-accel", "kvm", "-cpu",
            Acceleration.kvm.cpu, "-m", "256", "-nodefaults", "-display", "none", "-serial", "file:\(console)", "-kernel", kernel,
            "-initrd", ramdisk, "-append", "console=ttyS0 quiet panic=-1",
        ]
        let started = try Command.result(of: sandbox.prefix + command, deadline: 15)
        let end = ContinuousClock.now + .seconds(15)
        var booted = false
        while started.status == 0, !booted, ContinuousClock.now < end {
            usleep(50_000)
            // The ramdisk's init, which finds no orders on this command line.
            booted = ((try? String(contentsOfFile: console, encoding: .utf8)) ?? "").contains("muster: ")
        }
        _ = try Command.result(of: sandbox.prefix + ["sh", "-c", "kill -9 $(cat \"$1\")", "sh", pidFile])
        let reason = started.errors.split(separator: "\n").first.map { " (\($0))" } ?? ""
        progress(
            booted ? "machines run with KVM" : "machines run with TCG: a probe guest did not come up with KVM\(reason)")
        return booted ? .kvm : .tcg
    }
}
