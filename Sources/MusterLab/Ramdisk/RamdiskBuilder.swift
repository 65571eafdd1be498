import Foundation
import MusterCore

/// Makes the boot ramdisk: busybox, nbd-client, a kernel's drivers, and the scripts of `guest`.
public struct RamdiskBuilder {
    /// What a machine of QEMU needs.
    public static let virtualModules = [
        "virtio_pci", "virtio_net", "nbd", "ext4", "crc32c_generic", "button", "evdev", "i6300esb", "softdog",
    ]
    /// That, and the network cards of common machines.
    public static let commonModules =
        virtualModules + [
            "virtio_blk", "crc32c_intel", "e1000", "e1000e", "igb", "igc", "ixgbe", "ixgbevf", "i40e", "ice",
            "tg3", "bnx2", "bnx2x", "bnxt_en", "mlx4_en", "mlx5_core",
            "iTCO_wdt", "wdat_wdt", "ipmi_si", "ipmi_watchdog",
            "r8169", "sfc", "be2net", "vmxnet3", "hv_netvsc", "ena",
        ]

    public var kernel: Kernel
    /// Names of modules; those that the kernel lacks are skipped, what they need comes with them.
    public var modules = commonModules
    /// The folder with `init` and `agent`; nil finds the one that comes with the program.
    public var guest: String?
    public var busybox = "/bin/busybox"

    public init(kernel: Kernel, guest: String? = nil) {
        self.kernel = kernel
        self.guest = guest
    }

    /// Writes `vmlinuz` and `ramdisk.gz` into a folder and returns their paths.
    @discardableResult
    public func build(into folder: String) throws(MusterError) -> (kernel: String, ramdisk: String) {
        let archive = try archive()
        try Files.makeFolder(folder)
        // Quick to make and to unpack; better compression saves less in transfer than it costs in the guest.
        let packed = try Command.run(["gzip", "-1", "-n"], input: archive)
        try Files.write(packed, "\(folder)/ramdisk.gz")
        try Files.copy(kernel.image, "\(folder)/vmlinuz")
        return ("\(folder)/vmlinuz", "\(folder)/ramdisk.gz")
    }

    /// The ramdisk before compression.
    func archive() throws(MusterError) -> Data {
        let guest = try SharedFiles.folder("guest", given: guest)
        var archive = CpioArchive()
        for folder in ["bin", "dev", "mnt", "proc", "run", "sys"] { archive.add(folder: folder) }
        archive.add(file: "init", try Files.read("\(guest)/init"), executable: true)
        for script in ["heartbeat", "watch-root", "lease"] {
            archive.add(file: "agent/\(script)", try Files.read("\(guest)/agent/\(script)"), executable: true)
        }
        archive.add(file: "bin/busybox", try Self.staticBusybox(busybox), executable: true)
        archive.add(link: "bin/sh", to: "busybox")
        try addClient(to: &archive)
        try addModules(to: &archive)
        return archive.finished()
    }

    /// A busybox that needs no library, or an error that says where to get it.
    static func staticBusybox(_ path: String) throws(MusterError) -> Data {
        let hint = "apt-get install busybox-static"
        guard Files.exists(path) else { throw MusterError(.notFound, "\(path) is missing", hint: hint, subject: path) }
        guard try libraries(of: path).isEmpty else {
            throw MusterError("wrong_program", "\(path) is not linked statically", hint: hint, subject: path)
        }
        return try Files.read(path)
    }

    private func addClient(to archive: inout CpioArchive) throws(MusterError) {
        guard let client = ["/usr/sbin/nbd-client", "/sbin/nbd-client"].first(where: Files.exists) else {
            throw MusterError(.notFound, "nbd-client is missing", hint: "apt-get install nbd-client", subject: "nbd-client")
        }
        archive.add(file: "bin/nbd-client", try Files.read(client), executable: true)
        for library in try Self.libraries(of: client) {
            archive.add(file: String(library.dropFirst()), try Files.read(library), executable: true)
        }
    }

    private func addModules(to archive: inout CpioArchive) throws(MusterError) {
        let available = try KernelModules(kernel)
        guard available.contains("nbd") else {
            throw MusterError(
                .notFound, "kernel \(kernel.version) has no module nbd", hint: "use a Debian kernel", subject: kernel.version)
        }
        let folder = "lib/modules/\(kernel.version)"
        let paths = available.closure(of: modules)
        for path in paths { archive.add(file: "\(folder)/\(path)", try Files.read("\(kernel.modules)/\(path)")) }
        let index = try available.index(of: paths)
        archive.add(file: "\(folder)/modules.dep", Data(index.dependencies.utf8))
        archive.add(file: "\(folder)/modules.alias", Data(index.aliases.utf8))
    }

    /// The shared libraries and the loader of a program; none when it is linked statically.
    private static func libraries(of program: String) throws(MusterError) -> [String] {
        let result = try Command.result(of: ["ldd", program])
        guard result.status == 0 else { return [] }
        return result.text.split(separator: "\n").compactMap { line in
            line.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("/") }.map(String.init)
        }
    }
}
