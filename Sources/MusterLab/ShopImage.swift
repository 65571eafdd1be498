import Foundation
import MusterCore

/// Makes the disk of the demonstration server `shop`: busybox, a web server, and a log of orders.
public struct ShopImage {
    /// The folder with `shop`; nil finds the one that comes with the program.
    public var guest: String?
    public var busybox = "/bin/busybox"
    public var sizeMiB = 64

    public init(guest: String? = nil) { self.guest = guest }

    /// Writes a raw image with one ext4 file system and no partitions; nothing is mounted for it.
    public func write(to path: String) throws(MusterError) {
        let shop = try SharedFiles.folder("guest", given: guest)
        let root = path + ".root"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for folder in ["bin", "dev", "proc", "run", "sbin", "sys", "tmp", "var", "etc/acpi/PWRF", "www/cgi-bin"] {
            try Files.makeFolder("\(root)/\(folder)")
        }
        try Files.write(try RamdiskBuilder.staticBusybox(busybox), "\(root)/bin/busybox", mode: 0o755)
        symlink("busybox", "\(root)/bin/sh")
        try Files.copy("\(shop)/shop/init", "\(root)/sbin/init", mode: 0o755)
        // Where acpid looks for what the power button does.
        try Files.copy("\(shop)/shop/power-button", "\(root)/etc/acpi/PWRF/00000080", mode: 0o755)
        try Files.copy("\(shop)/shop/cgi-bin/orders", "\(root)/www/cgi-bin/orders", mode: 0o755)
        try Files.write("shop\n", "\(root)/www/index.html")
        try Files.write("", "\(root)/var/orders.log")
        try Files.write("", path)
        truncate(path, sizeMiB << 20)
        try Command.run(
            ["mkfs.ext4", "-q", "-F", "-L", "shop", "-m", "0", "-E", "root_owner=0:0", "-d", root, path],
            hint: "package e2fsprogs has mkfs.ext4")
    }
}
