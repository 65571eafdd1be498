import Foundation
import MusterCore

/// One machine of the lab: a QEMU without disks behind a BMC.
public struct LabMachine: Codable, Sendable, Hashable {
    public var name: String
    public var mac: MACAddress
    /// Its DMI UUID; its BMC reports the same as its GUID.
    public var uuid: String
    /// What it gets by DHCP.
    public var address: IPv4Address
    /// Where its BMC listens inside the lab, on port 623.
    public var bmcAddress: IPv4Address
    public var tap: String
    public var memoryMiB: Int
    public var cpus: Int
    /// The device that QEMU gives it for a watchdog; nil: none.
    public var watchdog: String?

    /// Machine number 1, 2, ….
    init(number: Int, _ options: Lab.Options) {
        name = "node\(number)"
        mac = MACAddress(octets: [0x52, 0x54, 0, 0x77, 0, UInt8(number)])!
        uuid = "6d757374-6572-4c61-b000-\(mac.compact)"
        address = IPv4Address(number: 10 << 24 | 77 << 16 | UInt32(10 + number))
        bmcAddress = IPv4Address(number: 127 << 24 | 1 << 8 | UInt32(number))
        tap = "tap\(number)"
        memoryMiB = options.memoryMiB
        cpus = options.cpus
        watchdog = options.watchdogs ? "i6300esb" : nil
    }
}
