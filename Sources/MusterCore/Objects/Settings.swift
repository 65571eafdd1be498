/// What an operator may tune; `fleet.lua` sets it by `settings { … }`. Times are in milliseconds.
public struct Settings: Codable, Sendable, Hashable {
    public var heartbeat: Int64 = 1_000
    public var suspectAfter: Int64 = 3_000
    public var failedAfter: Int64 = 10_000
    /// Time after an engine start in which nothing is declared failed.
    public var quietTime: Int64 = 15_000
    /// A gap between two turns of the loop that makes silence count anew.
    public var stallAfter: Int64 = 1_500
    /// So many silent at once, and more than `isolationShare` of the machines: the engine doubts itself.
    public var isolationCount: Int = 3
    public var isolationShare: Double = 1.0 / 3.0
    public var powerPoll: Int64 = 10_000
    /// The same while a machine is suspect, failed or starting.
    public var powerPollUrgent: Int64 = 1_000
    /// How long a fence may take to see the machine off.
    public var fenceTimeout: Int64 = 60_000
    /// How long after a watchdog's timeout its machine is believed to be reset; nil for the default, which `leaseMargin` has.
    public var marginOfLeases: Int64?
    /// How long a machine may take from power-on to its first report.
    public var startTimeout: Int64 = 300_000
    public var stepLimit: Int = 10_000
    /// Bytes of one run's journal; nil for the default, which `mostJournal` has.
    public var journalLimit: Int64?
    /// Runs of one hook that execute at once; those that only wait for time or events do not count.
    public var runLimit: Int = 200
    /// Runs of one hook that wait for their turn in memory; past it, its events wait in the store.
    public var queueLimit: Int = 1_000
    /// How long the key of an event is remembered, so that the same one is accepted once.
    public var dedupWindow: Int64 = 86_400_000
    /// How long events are kept, and with them claims that are over and evidence that is used up.
    public var keepEvents: Int64 = 90 * 86_400_000
    /// How long runs that are over are kept, with their journals and the code that only they used.
    public var keepRuns: Int64 = 30 * 86_400_000
    /// What policies may do; nil for the defaults, which `policies` has.
    public var policy: PolicySettings?
    /// What `fleet.lua` says to policies by `policy "NAME" { … }`, by name; nil when it says nothing.
    public var blocks: Fields?

    public init() {}

    /// Failovers that are under way at once, nil for the default, which `mostFailovers` has; and how many failures of a machine, within how
    /// long, make it one that flaps.
    public var failoverLimit: Int?
    public var flapCount: Int?
    public var flapTime: Int64?

    /// The others wait, those of servers of higher priority shorter.
    public var mostFailovers: Int { failoverLimit ?? 20 }
    /// So many failures within `flapsWithin` milliseconds, and a machine is chosen after all others.
    public var mostFlaps: Int { flapCount ?? 3 }
    public var flapsWithin: Int64 { flapTime ?? 3_600_000 }
    /// How long after a watchdog's timeout its machine is believed to be reset. A machine takes no answer that is older than 3 s.
    public var leaseMargin: Int64 { marginOfLeases ?? 5_000 }

    /// Bytes that one run's journal may have before it takes no more steps.
    public var mostJournal: Int64 { journalLimit ?? 16 << 20 }
}

/// The network on which Muster answers DHCP, TFTP and HTTP.
public struct BootNetwork: Codable, Sendable, Hashable {
    public var interface: String
    /// The engine's own address there.
    public var address: IPv4Network
    /// Addresses for machines that are not declared: first and last.
    public var rangeFirst: IPv4Address?
    public var rangeLast: IPv4Address?
    public var httpPort: Int
    /// The folder with `vmlinuz`, `ramdisk.gz`, `undionly.kpxe`, `snponly.efi`.
    public var files: String
    /// Added to the kernel's arguments.
    public var kernelArguments: String

    public init(
        interface: String, address: IPv4Network, rangeFirst: IPv4Address? = nil, rangeLast: IPv4Address? = nil,
        httpPort: Int = 8080, files: String, kernelArguments: String = ""
    ) {
        self.interface = interface
        self.address = address
        self.rangeFirst = rangeFirst
        self.rangeLast = rangeLast
        self.httpPort = httpPort
        self.files = files
        self.kernelArguments = kernelArguments
    }
}
