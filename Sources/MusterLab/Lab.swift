import Foundation
import MusterCore

/// Machines to try Muster with: real boot firmware, real BMCs, one network, in a sandbox of their own.
///
/// Everything it starts lives in one process namespace, and everything it writes in one folder; both go with `down()`.
public struct Lab: Sendable {
    public struct Options: Sendable {
        /// 1 to 40.
        public var machines = 3
        public var memoryMiB = 256
        public var cpus = 1
        /// nil tries KVM with a probe guest.
        public var acceleration: Acceleration?
        /// Whether each machine has a hardware watchdog, QEMU's i6300esb; its driver is in Debian's full kernel only.
        public var watchdogs = false
        public init() {}
    }

    /// An absolute path.
    public let folder: String

    /// - Parameter folder: nil means `/var/lib/muster-lab` for root, else `muster-lab` in XDG_STATE_HOME or `~/.local/state`.
    public init(folder: String? = nil) {
        let environment = ProcessInfo.processInfo.environment
        let usual =
            geteuid() == 0
            ? "/var/lib/muster-lab" : (environment["XDG_STATE_HOME"] ?? NSHomeDirectory() + "/.local/state") + "/muster-lab"
        self.folder = URL(fileURLWithPath: folder ?? usual).standardizedFileURL.path
    }

    public var isUp: Bool { LabRecord.read(in: folder)?.sandbox.isAlive ?? false }
    /// The declaration of the lab's machines and server.
    public var fleetFile: String { "\(folder)/fleet.lua" }
    public var bootFolder: String { "\(folder)/boot" }
    /// The file, readable for its owner only, with the password of all BMCs' user `admin`.
    public var passwordFile: String { "\(folder)/bmc-password" }

    func machineFolder(_ name: String) -> String { "\(folder)/machines/\(name)" }

    /// The machines of a lab that is up.
    public func machines() throws(MusterError) -> [LabMachine] { try liveRecord().machines }

    /// The words that make a command run inside the lab, in the present working directory, when it is put after them.
    ///
    /// The command is a child of `nsenter`: signals to `nsenter` do not reach it, and its process number inside differs.
    public func enter(_ command: [String] = []) throws(MusterError) -> [String] { try liveRecord().sandbox.prefix + command }

    /// Runs a command inside the lab to its end.
    public func run(_ command: [String], deadline: Double = 60) throws(MusterError) -> CommandResult {
        try Command.result(of: try enter(command), deadline: deadline)
    }

    /// Ends everything in the lab and removes its folder; nothing to do is no error.
    public func down() throws(MusterError) {
        guard Files.exists(folder) else { return }
        try checkOurs()
        try LabRecord.read(in: folder)?.sandbox.end()
        try? FileManager.default.removeItem(atPath: folder)
        guard !Files.exists(folder) else {
            throw MusterError("file_failed", "cannot remove \(folder)", hint: "was the lab made by root?", subject: folder)
        }
    }

    func liveRecord() throws(MusterError) -> LabRecord {
        guard let record = LabRecord.read(in: folder), record.sandbox.isAlive else {
            throw MusterError("lab_down", "the lab is not up", hint: "`muster lab up`", subject: folder)
        }
        return record
    }

    /// Refuses to touch a folder that is not a lab's.
    func checkOurs() throws(MusterError) {
        let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard contents.isEmpty || contents.contains("keeper.sh") else {
            throw MusterError(
                "not_a_lab", "\(folder) holds something else than a lab", hint: "name an empty or new folder", subject: folder)
        }
    }
}
