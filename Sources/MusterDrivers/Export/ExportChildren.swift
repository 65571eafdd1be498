import Foundation

/// The export processes that are children of this very engine: only these may be reaped, and each once.
final class ExportChildren: @unchecked Sendable {
    private let lock = NSLock()
    // Process ids by the folder of their epoch.
    private var children: [String: Int32] = [:]

    func add(_ pid: Int32, folder: String) { lock.withLock { children[folder] = pid } }

    /// Takes a dead child from the process table; a living one and others' stay.
    func reap(_ folder: String) {
        lock.withLock {
            guard let pid = children[folder] else { return }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) != 0 { children[folder] = nil }
        }
    }

    func reapAll() {
        for folder in lock.withLock({ children.keys.sorted() }) { reap(folder) }
    }
}
