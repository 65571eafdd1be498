import MusterCore

/// Why a DHCP message gets no answer.
enum Silence: Error, Hashable {
    case notAQuestion, notEthernet, bootp, relayed, otherServer, noAddressAsked, released
    case declined(MACAddress, IPv4Address)
    case noRange(MACAddress)
    case rangeExhausted(MACAddress)

    /// The counter's name.
    var reason: String {
        switch self {
        case .notAQuestion: "not_a_question"
        case .notEthernet: "not_ethernet"
        case .bootp: "bootp"
        case .relayed: "relayed"
        case .otherServer: "other_server"
        case .noAddressAsked: "no_address_asked"
        case .released: "released"
        case .declined: "declined"
        case .noRange: "no_range"
        case .rangeExhausted: "range_exhausted"
        }
    }

    /// What the operator should hear about; nil for the everyday.
    var line: String? {
        switch self {
        case .declined(let mac, let address):
            "\(mac) found that another machine uses \(address): give each machine its own address"
        case .noRange(let mac):
            "\(mac) asks for an address, is not declared in fleet.lua, and the boot network has no range for undeclared machines"
        case .rangeExhausted(let mac):
            "\(mac) asks for an address, is not declared in fleet.lua, and the range for undeclared machines is exhausted"
        case .relayed:
            "a DHCP relay passed a question on: only machines on the boot network itself are served"
        default: nil
        }
    }
}
