import MusterCore

/// A virtual machine as its hypervisor is to have it.
public struct Guest: Sendable, Hashable {
    public var name: ResourceID
    public var hypervisor: ResourceID
    /// The hypervisor's own address on the boot network, where one is declared.
    public var address: IPv4Address?
    /// Its network cards; the first one boots.
    public var macs: [MACAddress]
    public var memoryMiB: Int64
    public var cpus: Int
    /// The number of the order that this is part of: of two to one guest the larger is the later one, also over engine restarts. 0 for a
    /// question.
    public var order: Int64 = 0
    /// Whether it was booted and not seen off since: a hypervisor that does not have it must not create it, for it runs elsewhere.
    public var mustBeThere = false

    init(_ resource: Resource, of hypervisor: ResourceID, at address: IPv4Address?) {
        (name, self.hypervisor, self.address) = (resource.id, hypervisor, address)
        (macs, memoryMiB, cpus) = (resource.macs, resource.memoryMiB, resource.cpus)
    }
}

/// What a hypervisor says of a guest.
public enum GuestState: String, Sendable {
    case on
    /// It was here, and its end was seen here: destroyed, shut down, crashed.
    case off
    /// It is not here: never started, or moved to another hypervisor by hand. No proof that a guest is off that was heard.
    case absent
}

/// How a guest was seen to have ended.
public struct GuestEnd: Sendable, Hashable {
    /// False when the hypervisor had no such guest to begin with.
    public var wasThere: Bool
    /// What was seen, for the evidence.
    public var words: String

    public init(wasThere: Bool, words: String) {
        (self.wasThere, self.words) = (wasThere, words)
    }
}

/// The code that starts and ends virtual machines on their hypervisors.
///
/// A guest is what the fleet declares: it is created anew with each start, boots from the network, has no disk of its own, is not started by
/// the hypervisor itself, and is never saved and restored: one that comes back from memory would go on with an image that is another's by then.
/// What the driver knows of a guest's end outlives the guest, so that `off` and `absent` are told apart.
///
/// Every call may fail with a `MusterError` of the codes `hypervisor_*` or `guest_*`: `hypervisor_silent` when no answer came,
/// `hypervisor_refused`, and `guest_identity` when the hypervisor has a guest of this name with other cards, which is then left alone. An
/// order whose number is smaller than that of one that was taken already is refused as `stale`, whenever it arrives; a later order ends an
/// earlier one that still waits.
public protocol HypervisorDriver: Sendable {
    /// What the hypervisor reads of the guest now; harmless.
    func state(of guest: Guest) async throws -> GuestState

    /// Creates the guest from its declaration and starts it; returns once it reads on. Already on is success. `guest_absent` when it must be
    /// there and is not, `still_off` when it does not come in time.
    func start(_ guest: Guest, timeoutMilliseconds: Int64) async throws

    /// Destroys the guest and polls until it is read off or gone; a completion code is no proof. Already off is success. Throws `still_on`
    /// when it is not seen off in time.
    func destroyUntilGone(_ guest: Guest, timeoutMilliseconds: Int64) async throws -> GuestEnd

    /// Asks its operating system to shut down (ACPI); returns once the hypervisor has passed that on.
    func shutDown(_ guest: Guest) async throws
}

/// No hypervisors: for engines that have no driver for any.
public struct NoHypervisors: HypervisorDriver {
    public init() {}

    private static func none(_ guest: Guest) -> MusterError {
        MusterError(
            .noHypervisorDriver, "this engine has no driver for hypervisors: \(guest.hypervisor) was not asked about \(guest.name)",
            hint: "fence it by another rung; it can be neither started nor destroyed from here", subject: guest.name.rawValue)
    }

    public func state(of guest: Guest) async throws -> GuestState { throw Self.none(guest) }
    public func start(_ guest: Guest, timeoutMilliseconds: Int64) async throws { throw Self.none(guest) }
    public func destroyUntilGone(_ guest: Guest, timeoutMilliseconds: Int64) async throws -> GuestEnd { throw Self.none(guest) }
    public func shutDown(_ guest: Guest) async throws { throw Self.none(guest) }
}

extension MusterError.Code {
    public static let noHypervisorDriver: Self = "no_hypervisor_driver"
    public static let hypervisorSilent: Self = "hypervisor_silent"
    public static let hypervisorRefused: Self = "hypervisor_refused"
    public static let guestAbsent: Self = "guest_absent"
    public static let guestIdentity: Self = "guest_identity"
}
