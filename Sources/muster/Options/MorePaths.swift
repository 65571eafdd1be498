import Foundation

extension DefaultPaths {
    static let systemSocket = "/run/muster/muster.sock"

    /// The REPL's history of lines.
    static var history: String {
        let environment = ProcessInfo.processInfo.environment
        return (environment["XDG_STATE_HOME"] ?? NSHomeDirectory() + "/.local/state") + "/muster/history"
    }
}
