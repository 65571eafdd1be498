/// What fleet.lua says of a machine's watchdog; it is armed where the machine's ladder has the rung `lease`.
public struct WatchdogTerms: Codable, Sendable, Hashable {
    /// Milliseconds after the last feeding until it resets the machine; whole seconds.
    public var timeout: Int64 = 30_000
    /// Whether the kernel's own `softdog` counts, which a kernel that hangs takes with it.
    public var soft = false

    public init(timeout: Int64 = 30_000, soft: Bool = false) {
        self.timeout = timeout
        self.soft = soft
    }
}

/// A watchdog that a machine has armed, by its own word.
public struct ArmedWatchdog: Codable, Sendable, Hashable {
    /// The kernel's name of its driver: `i6300esb`.
    public var driver: String
    /// As read back from the device.
    public var seconds: Int64

    public init(driver: String, seconds: Int64) {
        self.driver = driver
        self.seconds = seconds
    }

    /// The driver that is no hardware.
    public static let soft = "softdog"
}

/// The lease by which a boot runs a claim's image: without acknowledged heartbeats its watchdog resets it.
public struct WatchdogLease: Codable, Sendable, Hashable {
    public var watchdog: ArmedWatchdog
    /// The boot that armed it, and the claim under which it did.
    public var bootID: String
    public var epoch: Epoch

    public init(_ watchdog: ArmedWatchdog, bootID: String, epoch: Epoch) {
        self.watchdog = watchdog
        self.bootID = bootID
        self.epoch = epoch
    }

    /// Milliseconds from the last feeding to the reset.
    public var timeout: Int64 { watchdog.seconds * 1000 }
}

extension Resource {
    /// What its next boot of an image is told to arm; nil when nobody would wait for it: an engine that is away for longer than a lease
    /// costs every machine that has one a restart.
    public var wantedWatchdog: WatchdogTerms? {
        ladder.contains { $0.kind == .lease } ? watchdog ?? WatchdogTerms() : nil
    }
}
