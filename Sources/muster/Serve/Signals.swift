import Dispatch
import Foundation

/// The signals that end the engine.
enum Signals {
    /// Returns at the first SIGTERM or SIGINT, or when the task is cancelled.
    static func wait() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        for await _ in stream { return }
    }
}
