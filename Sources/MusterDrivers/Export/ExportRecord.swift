import Foundation
import MusterCore

/// What is known of one epoch's export, durable in its folder before the process starts.
struct ExportRecord: Codable, Sendable {
    enum State: String, Codable, Sendable {
        /// Being started: its name was told to nobody yet.
        case opening
        /// Its name may have been told to a machine.
        case open
        /// A cut began; nobody may use it any more.
        case cutting
        /// The cut ended with the words kept here.
        case cut
    }

    var state: State
    var export: Export
    var image: Image
    /// The export process, once it was started.
    var process: ProcessIdentity?
    /// What the cut saw.
    var words: String?
}

/// A process that cannot be confused with a later one of the same number.
struct ProcessIdentity: Codable, Sendable, Hashable {
    var pid: Int32
    /// Clock ticks since boot, field 22 of `/proc/PID/stat`.
    var started: UInt64
    /// The kernel's boot id: after a reboot no process is the same.
    var boot: String
}
