import CLinuxShim
import Foundation
import MusterCore

/// What the kernel tells of processes, for finding and ending export processes and no others.
enum ProcessTable {
    static let boot: String =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""

    /// The identity of a process that runs now; nil when there is none or it is a zombie.
    static func identity(of pid: Int32) -> ProcessIdentity? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        // After the name, which may hold anything: state is field 3, start time field 22.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let started = UInt64(fields[19]) else { return nil }
        return ProcessIdentity(pid: pid, started: started, boot: boot)
    }

    static func isAlive(_ process: ProcessIdentity) -> Bool { identity(of: process.pid) == process }

    /// Whether the process was started with this argument.
    static func hasArgument(_ pid: Int32, _ argument: String) -> Bool {
        guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
        return line.split(separator: 0).contains { $0.elementsEqual(argument.utf8) }
    }

    /// The running process that was started with this argument; it names one epoch's folder, so there is at most one.
    static func find(argument: String) -> ProcessIdentity? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for pid in names.compactMap({ Int32($0) }) where hasArgument(pid, argument) {
            if let found = identity(of: pid) { return found }
        }
        return nil
    }

    /// Sends a signal to exactly this process; a later one with its number is left alone.
    static func signal(_ process: ProcessIdentity, _ signal: Int32) {
        let descriptor = muster_process_descriptor(process.pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // The descriptor is held now, so what is compared is what is signalled.
        if isAlive(process) { _ = muster_signal_descriptor(descriptor, signal) }
    }
}
