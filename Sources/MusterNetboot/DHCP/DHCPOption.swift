import MusterCore

/// One option of a DHCP message, its octets put together when they came in pieces (RFC 3396).
struct DHCPOption: Sendable, Hashable {
    /// The numbers this service reads or writes (RFC 2132, RFC 3004, RFC 4578, and iPXE's 175).
    enum Code {
        static let pad: UInt8 = 0
        static let subnetMask: UInt8 = 1
        static let router: UInt8 = 3
        static let requestedAddress: UInt8 = 50
        static let leaseTime: UInt8 = 51
        static let overload: UInt8 = 52
        static let messageType: UInt8 = 53
        static let serverIdentifier: UInt8 = 54
        static let parameterList: UInt8 = 55
        static let message: UInt8 = 56
        static let renewalTime: UInt8 = 58
        static let rebindingTime: UInt8 = 59
        static let vendorClass: UInt8 = 60
        static let clientIdentifier: UInt8 = 61
        static let bootServer: UInt8 = 66
        static let bootFile: UInt8 = 67
        static let userClass: UInt8 = 77
        static let architecture: UInt8 = 93
        static let machineIdentifier: UInt8 = 97
        static let iPXE: UInt8 = 175
        static let end: UInt8 = 255
    }

    var code: UInt8
    var octets: [UInt8]

    init(_ code: UInt8, _ octets: [UInt8]) {
        self.code = code
        self.octets = octets
    }

    init(_ code: UInt8, _ address: IPv4Address) { self.init(code, address.octets) }
    init(_ code: UInt8, text: String) { self.init(code, Array(text.utf8)) }
    init(_ code: UInt8, seconds: UInt32) {
        var octets: [UInt8] = []
        octets.append(long: seconds)
        self.init(code, octets)
    }
}

/// What a DHCP message says (option 53).
enum DHCPMessageType: UInt8, Sendable {
    case discover = 1, offer, request, decline, acknowledge, refuse, release, inform
}
