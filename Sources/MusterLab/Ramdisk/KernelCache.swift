import Foundation
import MusterCore

/// Debian's kernel for virtual machines, downloaded once and kept.
public enum KernelCache {
    /// MUSTER_CACHE, else `/var/cache/muster` for root, else `~/.cache/muster`.
    public static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        if let set = environment["MUSTER_CACHE"], !set.isEmpty { return set }
        if geteuid() == 0 { return "/var/cache/muster" }
        return (environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache") + "/muster"
    }

    /// The newest kernel in the cache, or the one that apt has, downloaded and unpacked without being installed.
    public static func kernel(in folder: String = folder, progress: (String) -> Void = { _ in }) throws(MusterError) -> Kernel {
        let kernels = "\(folder)/kernel"
        // A folder is in place under this name only when it is complete.
        let kept = ((try? FileManager.default.contentsOfDirectory(atPath: kernels)) ?? []).filter { $0.hasPrefix("linux-image-") }
        if let newest = kept.max(by: { $0.compare($1, options: .numeric) == .orderedAscending }) {
            return try Kernel.unpacked(in: "\(kernels)/\(newest)")
        }
        let package = try packageName()
        let work = "\(kernels)/incomplete-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeFolder("\(work)/root")
        defer { try? FileManager.default.removeItem(atPath: work) }
        progress("downloading \(package) (27 MB, kept in \(folder))")
        let script = "cd \"$1\" && apt-get -q download -o APT::Sandbox::User=root \"$2\""
        try Command.run(
            ["sh", "-c", script, "sh", work, package], deadline: 900,
            hint: "is there a network? `apt-get update` renews the list of packages")
        progress("unpacking \(package)")
        try Command.run(["sh", "-c", "dpkg -x \"$1\"/*.deb \"$1/root\"", "sh", work], deadline: 300)
        _ = try Kernel.unpacked(in: "\(work)/root")
        let place = "\(kernels)/\(package)"
        // Another process may have been faster: then its kernel is as good.
        if rename("\(work)/root", place) != 0, !Files.exists(place) {
            throw MusterError("file_failed", "cannot put the kernel into \(place): \(String(cString: strerror(errno)))")
        }
        return try Kernel.unpacked(in: place)
    }

    /// The kernel package that Debian's `linux-image-cloud-amd64` stands for.
    private static func packageName() throws(MusterError) -> String {
        let meta = "linux-image-cloud-amd64"
        let hint = "`apt-get update` renews the list of packages; the lab needs an amd64 Debian"
        let text = String(decoding: try Command.run(["apt-cache", "depends", meta], hint: hint), as: UTF8.self)
        let word = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("linux-image-") && $0 != meta }
        guard let word else { throw MusterError(.notFound, "apt knows no kernel for \(meta)", hint: hint) }
        return String(word)
    }
}
