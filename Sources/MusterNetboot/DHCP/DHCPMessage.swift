import MusterCore

/// A DHCP message as values (RFC 2131 section 2).
struct DHCPMessage: Sendable, Hashable {
    enum Operation: UInt8, Sendable { case request = 1, reply = 2 }

    var operation: Operation
    /// 1 for Ethernet.
    var hardwareType: UInt8 = 1
    var hops: UInt8 = 0
    /// The client's random number, the same in question and answer.
    var transaction: UInt32
    /// Since the client began to ask.
    var seconds: UInt16 = 0
    var flags: UInt16 = 0
    /// `ciaddr`: the address that the client has and uses.
    var clientAddress = IPv4Address(number: 0)
    /// `yiaddr`: the address that the client gets.
    var yourAddress = IPv4Address(number: 0)
    /// `siaddr`: where the boot file is.
    var nextServer = IPv4Address(number: 0)
    /// `giaddr`: the relay that passed the message on.
    var relay = IPv4Address(number: 0)
    /// `chaddr`: as many octets as the message says, at most 16.
    var hardwareAddress: [UInt8]
    /// `sname` and `file` up to their first zero octet; empty when they carry options instead.
    var serverName: [UInt8] = []
    var bootFile: [UInt8] = []
    /// In the order of the message, each code once.
    var options: [DHCPOption] = []

    subscript(code: UInt8) -> [UInt8]? { options.first { $0.code == code }?.octets }

    /// The message type, nil for plain BOOTP.
    var type: DHCPMessageType? { self[DHCPOption.Code.messageType]?.first.flatMap(DHCPMessageType.init(rawValue:)) }

    /// The address in an option of four octets.
    func address(_ code: UInt8) -> IPv4Address? {
        guard let octets = self[code], octets.count == 4 else { return nil }
        return IPv4Address(number: octets.reduce(0) { $0 << 8 | UInt32($1) })
    }

    var mac: MACAddress? { hardwareType == 1 ? MACAddress(octets: hardwareAddress) : nil }
}
