import MusterCore

extension DHCPMessage {
    /// The frame of an answer (RFC 2131 table 3, the client identifier: RFC 6842).
    static func answer(_ type: DHCPMessageType, to question: DHCPMessage, from server: IPv4Address) -> DHCPMessage {
        var answer = DHCPMessage(
            operation: .reply, transaction: question.transaction, hardwareAddress: question.hardwareAddress)
        answer.flags = question.flags
        answer.options = [
            DHCPOption(DHCPOption.Code.messageType, [type.rawValue]),
            DHCPOption(DHCPOption.Code.serverIdentifier, server),
        ]
        if let identifier = question[DHCPOption.Code.clientIdentifier] {
            answer.options.append(DHCPOption(DHCPOption.Code.clientIdentifier, identifier))
        }
        return answer
    }

    /// Adds where to boot from. The file stands in its old field and in option 67: ROMs read the one or the other.
    mutating func add(_ offer: BootOffer, server: IPv4Address, skipsProxy: Bool) {
        nextServer = server
        let file = Array(offer.file.utf8)
        // The field ends with a zero; a longer name goes by option alone.
        if file.count < 128 { bootFile = file }
        options.append(DHCPOption(DHCPOption.Code.bootFile, file))
        if offer.isTFTP { options.append(DHCPOption(DHCPOption.Code.bootServer, text: server.description)) }
        if let vendorClass = offer.vendorClass {
            options.append(DHCPOption(DHCPOption.Code.vendorClass, text: vendorClass))
        }
        // `no-pxedhcp` (176): iPXE else waits some seconds for a second DHCP server that knows about boot files.
        if skipsProxy { options.append(DHCPOption(DHCPOption.Code.iPXE, [176, 1, 1])) }
    }
}
