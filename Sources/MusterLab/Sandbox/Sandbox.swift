import Foundation
import MusterCore

/// The namespaces that everything in the lab lives in: network, processes and mounts. Its PID 1 ends, and all ends.
struct Sandbox: Codable, Sendable, Hashable {
    /// PID 1, by its number outside.
    var holder: ProcessIdentity
    /// The process outside that removes the folder afterwards.
    var keeper: ProcessIdentity
    /// True when it is also a user namespace, because its maker was not root.
    var ownUsers: Bool

    var isAlive: Bool { holder.isAlive }

    /// The words before a command that make it run inside, in the present working directory.
    var prefix: [String] {
        let users = ownUsers ? ["--user", "--preserve-credentials"] : []
        return ["nsenter", "--target", String(holder.pid), "--net", "--pid", "--mount"] + users
            + ["--wdns=\(FileManager.default.currentDirectoryPath)", "--"]
    }

    /// Ends everything inside, and waits until the keeper has removed the folder, too.
    func end() throws(MusterError) {
        holder.kill(SIGKILL)
        guard holder.waitUntilGone(seconds: 30), keeper.waitUntilGone(seconds: 30) else {
            throw MusterError(
                .timeout, "the lab's processes do not end", hint: "look at the process \(holder.pid) and its children with ps")
        }
    }

    /// The process outside that has this number inside and started then; nil when it is gone or a zombie.
    func process(inside pid: Int32, started: String) -> ProcessIdentity? {
        let namespace = Self.namespace(of: holder.pid)
        let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        for number in numbers {
            guard let status = try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("NSpid:") }),
                line.split(separator: "\t").last == Substring(String(pid)), Self.namespace(of: number) == namespace,
                let identity = ProcessIdentity(pid: number), identity.started == started
            else { continue }
            return identity
        }
        return nil
    }

    private static func namespace(of pid: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
    }
}
