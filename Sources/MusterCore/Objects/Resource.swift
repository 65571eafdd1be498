/// A machine that can run a server.
public struct Resource: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable { case host, vm }

    public var id: ResourceID
    public var kind: Kind
    /// The network cards that it may boot from; the first one names it at the boot service.
    public var macs: [MACAddress]
    /// Its own address on the boot network, given by DHCP.
    public var address: IPv4Address?
    public var memoryMiB: Int64
    public var cpus: Int
    public var tags: [String]
    public var bmc: BMC?
    /// The host that a virtual machine is a guest of; nil for a host.
    public var hypervisor: ResourceID?
    /// Where it stands; machines of one rack may fail together.
    public var rack: String?
    /// The rungs by which it is fenced, in order; nil: `FenceRung.standard`.
    public var fence: [FenceRung]?
    /// What fleet.lua says of its watchdog; nil: the defaults.
    public var watchdog: WatchdogTerms?
    /// False for a machine that was found by booting and is in no `fleet.lua`.
    public var declared: Bool
    /// What it draws with a server, and without one, in watts, as declared; nil when nobody says.
    public var watts: Int64?
    public var wattsIdle: Int64?

    // The axes.
    public var power: Power = .unknown
    public var liveness: Liveness = .unknown
    public var mode: Mode = .active

    /// What it is booted as, by its own word: the incarnation's boot id and DMI UUID.
    public var bootID: String?
    public var uuid: String?
    /// Grows with each new boot, power transition and claim: the number an order is bound to.
    public var incarnation: Int64 = 0
    /// When and why it was declared failed; nil once it is seen alive or off on purpose.
    public var failure: Failure?
    /// When it was told to power on or began to boot, and has not been heard of since.
    public var startingSince: Timestamp?
    /// The boot it was last given.
    public var boot: BootGrant?
    /// The lease that its last boot of an image reported.
    public var lease: WatchdogLease?
    /// Why its controller could not be read last time; nil when it could.
    public var bmcFault: MusterError?
    /// True since its hypervisor did not have it although it was booted: it was moved by hand, and what becomes of that hypervisor says
    /// nothing about it.
    public var strayed: Bool?
    /// When it failed lately, oldest first: as many as make it flap.
    public var failures: [Timestamp]?
    /// True while it fails again and again: it is chosen after all others.
    public var isFlapping: Bool?
    /// When its maintenance ends by itself; nil: when somebody returns it.
    public var maintenanceUntil: Timestamp?
    /// Since when it is known to be off, not failed; nil while it is not, or nobody knows.
    public var asleepSince: Timestamp?
    /// The order of an operator to fence it, until that came to an end.
    public var fenceOrder: FenceOrder?
    /// Watts that it drew while it waited, as its controller measured last before it slept; nil when none ever did.
    public var measuredWatts: Int64?
    /// What the last check of its fence ladder found; nil when there was none since the ladder was declared.
    public var fenceCheck: FenceCheck?
    /// The server that it ran when a fence cut its export, from its next boot until it idles: then it can take it again.
    public var lostServer: ServerID?
    /// True after a restore, until what it does is known: seen off, booting, or running what is on record.
    public var unproven: Bool?

    public init(
        id: ResourceID, kind: Kind = .host, macs: [MACAddress], address: IPv4Address? = nil, memoryMiB: Int64 = 0,
        cpus: Int = 1, tags: [String] = [], bmc: BMC? = nil, fence: [FenceRung]? = nil, declared: Bool = true
    ) {
        self.id = id
        self.kind = kind
        self.macs = macs
        self.address = address
        self.memoryMiB = memoryMiB
        self.cpus = cpus
        self.tags = tags
        self.bmc = bmc
        self.fence = fence
        self.declared = declared
    }
}

/// What is known of a machine's power: only a reading says `on` or `off`.
public enum Power: String, Codable, Sendable { case on, off, unknown }

/// What is known of a machine's life: heartbeats say `alive`, their absence while the engine listens says `silent`.
public enum Liveness: String, Codable, Sendable { case alive, silent, unknown }

public enum Mode: String, Codable, Sendable { case active, maintenance }

/// The declaration that a machine failed.
public struct Failure: Codable, Sendable, Hashable {
    /// Milliseconds of silence when it was declared.
    public var silence: Int64
    public var at: Timestamp
    /// Why no `resource.failed` was raised yet (`disarmed`, `quiet`, `isolated`), nil once it was.
    public var held: String?
    /// Set once the failed machine was fenced with this evidence.
    public var fenced: Evidence.ID?
    /// True when it was off with its hypervisor: nothing is wrong with the guest itself.
    public var withHypervisor: Bool?

    public init(silence: Int64, at: Timestamp, held: String? = nil) {
        self.silence = silence
        self.at = at
        self.held = held
    }
}

/// One boot of a machine: what it was told to do, and the token by which its heartbeats are known.
public struct BootGrant: Codable, Sendable, Hashable {
    public var token: String
    /// The claim whose image it was given; nil for the idle ramdisk.
    public var epoch: Epoch?
    /// The boot id it reported; nil until it did.
    public var bootID: String?
    /// Whether it was told to boot from its own disk, from where it does not report.
    public var local: Bool?

    public init(token: String, epoch: Epoch?) {
        self.token = token
        self.epoch = epoch
    }
}

/// How to reach a machine's management controller.
public struct BMC: Codable, Sendable, Hashable {
    public var address: String
    public var port: Int
    public var user: String
    /// The name of the secret that holds the password; the password itself is nowhere but in the secret store.
    public var passwordSecret: String?
    /// Tried in order; 0 (no authentication) is refused.
    public var cipherSuites: [Int]
    /// libfreeipmi workaround flags for this controller, by their documented names.
    public var workarounds: [String]
    /// The GUID it reported once, as text; compared with the machine's DMI UUID.
    public var guid: String?

    public init(
        address: String, port: Int = 623, user: String, passwordSecret: String?, cipherSuites: [Int] = [17, 3],
        workarounds: [String] = []
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.passwordSecret = passwordSecret
        self.cipherSuites = cipherSuites
        self.workarounds = workarounds
    }
}

/// The state that people see; derived, never stored.
public enum ResourceState: String, Codable, Sendable, CaseIterable {
    case unknown, off, starting, idle, active, suspect, failed, fenced, maintenance
}

extension Resource {
    /// The state people see, from the axes and whether a claim on this machine is alive.
    public func state(claimed: Bool) -> ResourceState {
        // A failure matters also where maintenance was meant: its server is somewhere it cannot run.
        if let failure, failure.fenced == nil || mode == .active {
            return failure.fenced != nil ? .fenced : .failed
        }
        if mode == .maintenance { return .maintenance }
        if liveness == .alive { return claimed ? .active : .idle }
        if power == .off { return .off }
        if startingSince != nil { return .starting }
        return liveness == .silent ? .suspect : .unknown
    }
}
