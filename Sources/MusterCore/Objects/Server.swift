/// A workload: an image, its needs, its own address, and whether it should run.
public struct Server: Codable, Sendable, Hashable {
    public enum Target: String, Codable, Sendable { case running, stopped }

    public var id: ServerID
    public var image: ImageID
    public var memoryMiB: Int64
    public var cpus: Int
    /// Tags that a resource must have.
    public var tags: [String]
    /// Higher is more important; the order of recovery.
    public var priority: Int
    /// The address that travels with the server, with its prefix length.
    public var address: IPv4Network?
    public var ready: ReadinessCheck?
    /// The group of like servers that it belongs to: what `scale` starts and stops one after the other.
    public var pool: String?
    /// Names and tags of machines that it prefers, and that it avoids as long as others can run it.
    public var prefer: [String]?
    public var avoid: [String]?
    /// Names of servers and pools whose racks it would share, and whose racks it would rather not share.
    public var affinity: [String]?
    public var antiAffinity: [String]?
    public var target: Target = .stopped

    /// The epoch under which the readiness check last passed.
    public var readyEpoch: Epoch?
    /// True since a policy started it, until it runs: who recovers what ran before goes first.
    public var isExtra: Bool?
    /// True once its machine booted anew or came back while a run worked for it: it is wanted again when that run is over.
    public var wantedAgain: Bool?
    /// Why nothing brings it to its target, while nothing does.
    public var blocked: Blocked?
    /// How the last run that was responsible for it failed.
    public var lastError: MusterError?

    public init(
        id: ServerID, image: ImageID, memoryMiB: Int64 = 0, cpus: Int = 1, tags: [String] = [], priority: Int = 0,
        address: IPv4Network? = nil, ready: ReadinessCheck? = nil, pool: String? = nil
    ) {
        self.id = id
        self.image = image
        self.memoryMiB = memoryMiB
        self.cpus = cpus
        self.tags = tags
        self.priority = priority
        self.address = address
        self.ready = ready
        self.pool = pool
    }

    /// What a resource must have to run it: MiB, CPUs and tags.
    public struct Needs: Sendable, Hashable {
        public var memoryMiB: Int64
        public var cpus: Int
        public var tags: [String]

        /// Whether a resource that has these has at least what is needed.
        public func areMet(memoryMiB: Int64, cpus: Int, tags: [String]) -> Bool {
            memoryMiB >= self.memoryMiB && cpus >= self.cpus && self.tags.allSatisfy(tags.contains)
        }
    }

    public var needs: Needs { Needs(memoryMiB: memoryMiB, cpus: cpus, tags: tags) }

    public func fits(_ resource: Resource) -> Bool {
        needs.areMet(memoryMiB: resource.memoryMiB, cpus: resource.cpus, tags: resource.tags)
    }
}

/// How to see that a server does its work: a URL that answers 200–399, or a TCP port that accepts.
public struct ReadinessCheck: Codable, Sendable, Hashable {
    public var http: String?
    /// `address:port`.
    public var tcp: String?
    public var timeoutMilliseconds: Int64

    public init(http: String? = nil, tcp: String? = nil, timeoutMilliseconds: Int64 = 120_000) {
        self.http = http
        self.tcp = tcp
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// Why a server that should run does not, and what a person can do.
public struct Blocked: Codable, Sendable, Hashable {
    public var reason: String
    public var remedy: String
    public var since: Timestamp

    public init(reason: String, remedy: String, since: Timestamp) {
        self.reason = reason
        self.remedy = remedy
        self.since = since
    }
}

public enum ServerState: String, Codable, Sendable, CaseIterable {
    case stopped, placing, starting, running, stopping, moving, blocked
}
