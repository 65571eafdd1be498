import MusterCore

/// An address that the boot service gave to a machine.
public struct BootLease: Codable, Sendable, Hashable {
    public var mac: MACAddress
    public var address: IPv4Address
    /// Whether it is the machine's own by `fleet.lua`, else it comes from the range.
    public var declared: Bool
}
