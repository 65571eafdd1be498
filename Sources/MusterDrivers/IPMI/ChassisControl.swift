import MusterEngine

/// The chassis controls that Muster gives, IPMI 2.0 specification, table 28-4. Cycle and hard reset are left out on purpose: a
/// machine that was reset is not proven off.
enum ChassisControl: UInt8, Sendable {
    case powerDown = 0x00
    case powerUp = 0x01
    case softOff = 0x05
}

extension BootDevice {
    /// Boot flags, IPMI 2.0 specification, table 28-14, parameter 5: valid for the next boot only; device selector in bits 5…2.
    var flags: [UInt8] {
        let selector: UInt8 =
            switch self {
            case .none: 0x0
            case .network: 0x1
            case .disk: 0x2
            case .bios: 0x6
            }
        return [0x80, selector << 2, 0, 0, 0]
    }
}
