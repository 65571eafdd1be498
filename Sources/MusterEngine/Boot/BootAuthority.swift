import MusterCore

/// What the boot service asks the engine. Every answer is durable before it is given.
public protocol BootAuthority: Sendable {
    /// The address of a declared machine, nil for one that is not (the boot service then gives one from its range).
    func address(for mac: MACAddress) async throws -> IPv4Address?

    /// What the machine shall do at this boot. One answer holds for a whole boot: the same token comes back until the machine
    /// reports with a new boot id.
    func plan(for request: BootRequest) async throws -> BootPlan

    /// A booted ramdisk tells what it is. An unknown machine becomes a resource.
    func report(_ report: MachineReport) async throws

    /// A sign of life. The answer tells the machine whether it may go on.
    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer
}

/// A machine's question for its boot plan, from the iPXE script request.
public struct BootRequest: Codable, Sendable, Hashable {
    public var mac: MACAddress
    /// DMI UUID as lower-case text, when the firmware told it.
    public var uuid: String?
    /// The architecture of its boot program (`x86_64`, `i386`, `arm64`), when it told it.
    public var arch: String?

    public init(mac: MACAddress, uuid: String? = nil, arch: String? = nil) {
        self.mac = mac
        self.uuid = uuid
        self.arch = arch
    }
}

/// What a machine shall do at its next boot.
public enum BootPlan: Sendable, Hashable {
    /// Run the ramdisk, report, and idle.
    case discover(token: String)
    /// Run a claim's image.
    case image(ImageBoot)
    /// Boot from the local disk.
    case local
    /// Ask again in some seconds: the machine is being fenced, or its export is not open yet. The reason is shown on its console.
    case wait(reason: String)
}

/// All that a machine needs to run its claim's image.
public struct ImageBoot: Sendable, Hashable {
    public var token: String
    public var epoch: Epoch
    public var server: ServerID
    public var export: Export
    public var address: IPv4Network?
    public var heartbeatMilliseconds: Int64
    /// The watchdog that it shall arm, and feed only on acknowledged heartbeats; nil: none.
    public var watchdog: WatchdogTerms?

    public init(
        token: String, epoch: Epoch, server: ServerID, export: Export, address: IPv4Network?, heartbeatMilliseconds: Int64,
        watchdog: WatchdogTerms? = nil
    ) {
        self.watchdog = watchdog
        self.token = token
        self.epoch = epoch
        self.server = server
        self.export = export
        self.address = address
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }
}

public struct MachineReport: Codable, Sendable, Hashable {
    public var mac: MACAddress
    public var token: String
    /// The kernel's random boot id.
    public var bootID: String
    /// DMI UUID, lower-case text.
    public var uuid: String?
    public var memoryMiB: Int64
    public var cpus: Int
    public var epoch: Epoch?
    /// The address it reported from.
    public var address: IPv4Address?

    public init(
        mac: MACAddress, token: String, bootID: String, uuid: String?, memoryMiB: Int64, cpus: Int, epoch: Epoch?,
        address: IPv4Address?
    ) {
        self.mac = mac
        self.token = token
        self.bootID = bootID
        self.uuid = uuid
        self.memoryMiB = memoryMiB
        self.cpus = cpus
        self.epoch = epoch
        self.address = address
    }
}

public struct Heartbeat: Codable, Sendable, Hashable {
    public var mac: MACAddress
    public var token: String
    public var bootID: String
    public var epoch: Epoch?
    /// Seconds since the machine's boot.
    public var uptime: Double?
    /// One-minute load average.
    public var load: Double?
    /// What is in use of its memory: all but what the kernel says is available.
    public var memoryUsedMiB: Int64?
    /// The watchdog that it feeds on acknowledgements.
    public var watchdog: ArmedWatchdog?

    public init(
        mac: MACAddress, token: String, bootID: String, epoch: Epoch?, uptime: Double? = nil, load: Double? = nil,
        memoryUsedMiB: Int64? = nil, watchdog: ArmedWatchdog? = nil
    ) {
        self.watchdog = watchdog
        self.mac = mac
        self.token = token
        self.bootID = bootID
        self.epoch = epoch
        self.uptime = uptime
        self.load = load
        self.memoryUsedMiB = memoryUsedMiB
    }
}

public enum HeartbeatAnswer: String, Sendable {
    /// Go on.
    case ok
    /// Reboot at once without touching anything: the claim is another's, or a new plan waits.
    case reset
}
