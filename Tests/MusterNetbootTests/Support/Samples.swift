import MusterCore
import Testing

@testable import MusterNetboot

/// Addresses and messages that the tests begin from.
enum Samples {
    static let mac = MACAddress("52:54:00:77:00:01")!
    static let otherMAC = MACAddress("52:54:00:77:00:02")!
    static let engine = IPv4Address("10.77.0.1")!

    static func network(first: String? = "10.77.0.50", last: String? = "10.77.0.52", arguments: String = "") -> BootNetwork {
        BootNetwork(
            interface: "br0", address: IPv4Network("10.77.0.1/24")!, rangeFirst: first.flatMap { IPv4Address($0) },
            rangeLast: last.flatMap { IPv4Address($0) }, files: "/nowhere", kernelArguments: arguments)
    }

    static func message(_ type: DHCPMessageType, mac: MACAddress = mac, _ options: [DHCPOption] = []) -> DHCPMessage {
        var message = DHCPMessage(operation: .request, transaction: 0xCAFE_0001, hardwareAddress: mac.octets)
        message.options = [DHCPOption(DHCPOption.Code.messageType, [type.rawValue])] + options
        return message
    }

    static func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

    static let pxe = DHCPOption(DHCPOption.Code.vendorClass, text: "PXEClient:Arch:00000:UNDI:002001")
    static func architecture(_ number: UInt8) -> DHCPOption { DHCPOption(DHCPOption.Code.architecture, [0, number]) }
}

extension Moment {
    static func seconds(_ seconds: Int64) -> Moment { Moment(milliseconds: seconds * 1000) }
}
