import Foundation
import MusterCore

/// A program or file that the lab needs, and the Debian package that has it.
public struct Requirement: Sendable, Hashable {
    public var path: String
    public var package: String

    /// True when it is on this machine.
    public var isMet: Bool {
        path.hasPrefix("/") ? Files.exists(path) : ProgramPath.find(path) != nil
    }
}

extension Lab {
    /// Everything the lab needs, in no order.
    public static let requirements: [Requirement] = [
        ("qemu-system-x86_64", "qemu-system-x86"), ("ipmi_sim", "openipmi"), ("/bin/busybox", "busybox-static"),
        ("nbd-client", "nbd-client"), ("/usr/lib/ipxe/undionly.kpxe", "ipxe"), ("/usr/lib/ipxe/snponly.efi", "ipxe"),
        ("/usr/lib/ipxe/qemu/pxe-virtio.rom", "ipxe-qemu"), ("/usr/share/seabios/bios-256k.bin", "seabios"),
        ("mkfs.ext4", "e2fsprogs"), ("depmod", "kmod"), ("ip", "iproute2"), ("unshare", "util-linux"), ("nsenter", "util-linux"),
        ("mkfifo", "coreutils"), ("gzip", "gzip"), ("dpkg", "dpkg"), ("apt-get", "apt"),
    ].map { Requirement(path: $0.0, package: $0.1) }

    static func checkRequirements() throws(MusterError) {
        let missing = requirements.filter { !$0.isMet }
        guard let first = missing.first else { return }
        let packages = Set(missing.map(\.package)).sorted().joined(separator: " ")
        throw MusterError(
            "program_missing", "the lab needs \(missing.map(\.path).joined(separator: ", "))",
            hint: "apt-get install --no-install-recommends \(packages)", subject: first.path)
    }
}
