import Foundation
import MusterCore
import MusterLua
import Synchronization

/// Which lines of policies the tests executed, summed over all of them. Any thread may add to it.
public final class CoverageBook: Sendable {
    private let counts = Mutex<[String: [Int: Int]]>([:])

    public init() {}

    /// Adds what a test executed.
    ///
    /// - Parameter paths: The files by the names under which Lua shows them; others are not policies.
    func add(_ lines: [String: [Int: Int]], paths: [String: String]) {
        counts.withLock { counts in
            for path in paths.values { counts[path, default: [:]].merge([:]) { one, _ in one } }
            for (name, executed) in lines {
                guard let path = paths[name] else { continue }
                counts[path, default: [:]].merge(executed, uniquingKeysWith: +)
            }
        }
    }

    /// The files, by their paths.
    public var files: [CoveredFile] {
        counts.withLock { $0 }.sorted { $0.key < $1.key }.compactMap { CoveredFile(path: $0.key, executed: $0.value) }
    }
}
