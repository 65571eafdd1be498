import Foundation
import MusterLab

/// What the lab needs.
enum LabChecks {
    static func findings() -> [Finding] { programs + [namespaces, tunnels, virtualization] }

    private static var programs: [Finding] {
        Lab.requirements.map { requirement in
            Finding(
                group: .lab, name: (requirement.path as NSString).lastPathComponent,
                state: requirement.isMet ? .present : .missing,
                detail: requirement.isMet ? requirement.package : "\(requirement.path) is not here", package: requirement.package)
        }
    }

    private static var namespaces: Finding {
        if geteuid() == 0 { return Finding(group: .lab, name: "namespaces", state: .present, detail: "root makes them") }
        let works = succeeds(["unshare", "--user", "--map-root-user", "--net", "true"])
        return Finding(
            group: .lab, name: "namespaces", state: works ? .present : .missing,
            detail: works ? "this user makes them" : "this user may not make user namespaces",
            remedy: "run the lab as root, or: sysctl kernel.unprivileged_userns_clone=1")
    }

    private static var tunnels: Finding {
        let descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return Finding(
            group: .lab, name: "/dev/net/tun", state: descriptor >= 0 ? .present : .missing,
            detail: descriptor >= 0 ? "network cards for the machines" : "it cannot be opened",
            remedy: "modprobe tun, and run the lab as root")
    }

    /// A device that opens and answers may still run no guest: only one that booted is a proof, and the lab tries that.
    private static var virtualization: Finding {
        let descriptor = open("/dev/kvm", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            return Finding(group: .lab, name: "KVM", state: .absent, detail: "not usable: the machines are emulated, and slower")
        }
        defer { close(descriptor) }
        let version = ioctl(descriptor, kvmGetVersion, 0)
        guard version == 12 else {
            return Finding(group: .lab, name: "KVM", state: .absent, detail: "it speaks version \(version), not 12")
        }
        return Finding(
            group: .lab, name: "KVM", state: .unknown,
            detail: "answers, but whether guests run is unknown: muster lab up tries one, and emulates else")
    }

    /// KVM_GET_API_VERSION of linux/kvm.h: `_IO(0xAE, 0)`.
    private static let kvmGetVersion: UInt = 0xAE00

    private static func succeeds(_ command: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
