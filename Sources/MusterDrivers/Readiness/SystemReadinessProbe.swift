import MusterCore
import MusterEngine

/// The readiness probe over plain sockets: an HTTP/1.1 GET, or a TCP connection.
///
/// Not `URLSession`: FoundationNetworking would bring libcurl and its own threads into the binary for one request line and one
/// status line. Calls block on threads of the probe's own, each for at most `patience` (and the name server's time where a
/// name is given instead of an address).
public struct SystemReadinessProbe: ReadinessProbe {
    private let patience: Int64
    private let lanes: SerialLanes<ReadinessCheck>

    /// `patience` is how many milliseconds one try may take.
    public init(patience: Int64 = 2_000, threads: Int = 64) {
        self.patience = patience
        lanes = SerialLanes(pool: ThreadPool(name: "muster-ready", limit: threads))
    }

    /// Ready is a status of 200–399, or an accepted connection; with both checks given, both. A check of nothing is ready.
    /// Errors: `not_ready`, `bad_argument` for a URL or address that cannot be understood.
    public func probe(_ check: ReadinessCheck) async throws {
        let patience = patience
        try await lanes.run(check) {
            if let tcp = check.tcp {
                _ = try TCPConnection(try TCPEndpoint(tcp), patience: patience)
            }
            if let http = check.http {
                try HTTPCheck(url: http).run(patience: patience)
            }
        }
    }
}
