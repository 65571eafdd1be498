import Foundation
import MusterCore

/// Debian's kernels, downloaded once and kept.
public enum KernelCache {
    /// MUSTER_CACHE, else `/var/cache/muster` for root, else `~/.cache/muster`.
    public static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        if let set = environment["MUSTER_CACHE"], !set.isEmpty { return set }
        if geteuid() == 0 { return "/var/cache/muster" }
        return (environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache") + "/muster"
    }

    /// Which of Debian's kernels.
    public enum Flavour: String, Sendable {
        /// For virtual machines: no drivers of real hardware.
        case cloud = "linux-image-cloud-amd64"
        case full = "linux-image-amd64"

        var size: String { self == .cloud ? "27 MB" : "70 MB" }
        func has(_ package: String) -> Bool { package.hasPrefix("linux-image-") && package.contains("-cloud-") == (self == .cloud) }
    }

    /// The newest kernel in the cache, or the one that apt has, downloaded and unpacked without being installed.
    public static func kernel(
        _ flavour: Flavour = .cloud, in folder: String = folder, progress: (String) -> Void = { _ in }
    ) throws(MusterError) -> Kernel {
        let kernels = "\(folder)/kernel"
        // A folder is in place under this name only when it is complete.
        let kept = ((try? FileManager.default.contentsOfDirectory(atPath: kernels)) ?? []).filter(flavour.has)
        if let newest = kept.max(by: { $0.compare($1, options: .numeric) == .orderedAscending }) {
            return try Kernel.unpacked(in: "\(kernels)/\(newest)")
        }
        let package = try packageName(flavour)
        let work = "\(kernels)/incomplete-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeFolder("\(work)/root")
        defer { try? FileManager.default.removeItem(atPath: work) }
        progress("downloading \(package) (\(flavour.size), kept in \(folder))")
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

    /// The kernel package that the flavour's package stands for.
    private static func packageName(_ flavour: Flavour) throws(MusterError) -> String {
        let meta = flavour.rawValue
        let hint = "`apt-get update` renews the list of packages; the lab needs an amd64 Debian"
        let text = String(decoding: try Command.run(["apt-cache", "depends", meta], hint: hint), as: UTF8.self)
        let word = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("linux-image-") && $0 != meta }
        guard let word else { throw MusterError(.notFound, "apt knows no kernel for \(meta)", hint: hint) }
        return String(word)
    }
}
