import MusterCore

/// Where a machine's power is read and switched, with the password already looked up.
public struct PowerAccess: Sendable, Hashable {
    public var bmc: BMC
    /// The password's bytes; never logged, never described.
    public var password: Secret
    /// The machine's DMI UUID when it is known: the controller must report the same GUID.
    public var uuid: String?

    public init(bmc: BMC, password: Secret, uuid: String? = nil) {
        self.bmc = bmc
        self.password = password
        self.uuid = uuid
    }
}

public enum BootDevice: String, Codable, Sendable, CaseIterable { case network = "pxe", disk, bios, none }

/// The code that reads and switches the power of one kind of machine.
///
/// Every call may fail with a `MusterError` of the codes `bmc_*`; a completion code is never taken for a fact.
public protocol PowerDriver: Sendable {
    /// The power as the controller reads it now.
    func reading(_ access: PowerAccess) async throws -> Power

    /// Powers on, and returns once the reading says on. Already on is success. `still_off` when it does not come in time.
    func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws

    /// Powers off hard and polls until the reading says off; never `cycle` or `reset`. Already off is success.
    /// Before it acts it checks that the controller belongs to the machine (`bmc_identity`). Returns what was seen, in words, for
    /// the evidence. Throws `still_on` when the reading does not say off in time.
    func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String

    /// Asks the operating system to shut down (ACPI); returns once the controller accepted.
    func softOff(_ access: PowerAccess) async throws

    /// Sets the device for the next boot only.
    func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws

    /// The controller's GUID as lower-case UUID text in the order that DMI prints it.
    func guid(_ access: PowerAccess) async throws -> String

    /// What the machine draws now, in watts; nil when its controller does not measure that, which is no error.
    func draw(_ access: PowerAccess) async throws -> Int64?
}

extension PowerDriver {
    public func draw(_ access: PowerAccess) async throws -> Int64? { nil }
}
