import MusterCore
import Testing

@testable import MusterNetboot

@Suite("DHCP server") struct DHCPServerTests {
    private var server = DHCPServer(network: Samples.network())
    private let declared = IPv4Address("10.77.0.11")!
    private let serverOption = DHCPOption(DHCPOption.Code.serverIdentifier, Samples.engine)

    private mutating func reply(
        _ message: DHCPMessage, declared: IPv4Address?, now: Moment = .seconds(0)
    ) throws -> (message: DHCPMessage, to: DHCPServer.Destination) {
        switch server.receive(message, declared: declared, now: now) {
        case .reply(let reply, let destination): return (reply, destination)
        case .silence(let silence):
            Issue.record("no answer: \(silence)")
            throw silence
        }
    }

    private func wanted(_ address: IPv4Address) -> DHCPOption { DHCPOption(DHCPOption.Code.requestedAddress, address) }

    @Test("a declared machine gets its own address, with mask, router, server and lease time") mutating func offer() throws {
        let question = Samples.message(.discover, [DHCPOption(61, [1, 2, 3])])
        let (offer, destination) = try reply(question, declared: declared)
        #expect(offer.type == .offer && offer.operation == .reply)
        #expect(offer.transaction == question.transaction && offer.hardwareAddress == question.hardwareAddress)
        #expect(offer.yourAddress == declared && destination == .broadcast)
        #expect(offer.address(DHCPOption.Code.subnetMask) == IPv4Address("255.255.255.0"))
        #expect(offer.address(DHCPOption.Code.router) == Samples.engine)
        #expect(offer.address(DHCPOption.Code.serverIdentifier) == Samples.engine)
        #expect(offer[DHCPOption.Code.leaseTime] == [0, 0, 0x0E, 0x10])
        #expect(offer[61] == [1, 2, 3])
        #expect(offer.bootFile.isEmpty && offer[DHCPOption.Code.bootFile] == nil && offer.nextServer.number == 0)
    }

    @Test("a BIOS gets a file by TFTP, iPXE the script") mutating func files() throws {
        let bios = try reply(Samples.message(.discover, [Samples.pxe, Samples.architecture(0)]), declared: declared).message
        #expect(bios.nextServer == Samples.engine && bios.bootFile == Array("undionly.kpxe".utf8))
        #expect(bios[DHCPOption.Code.bootServer] == Array("10.77.0.1".utf8))
        #expect(bios[DHCPOption.Code.vendorClass] == nil)
        let iPXE = try reply(Samples.message(.discover, [Samples.pxe, DHCPOption(175, [])]), declared: declared).message
        #expect(String(decoding: iPXE.bootFile, as: UTF8.self).hasPrefix("http://10.77.0.1:8080/boot.ipxe?mac=52:54:00:77:00:01"))
        #expect(iPXE[DHCPOption.Code.iPXE] == [176, 1, 1])
    }

    @Test("a request for the right address is acknowledged, for another refused") mutating func request() throws {
        let right = try reply(Samples.message(.request, [serverOption, wanted(declared)]), declared: declared)
        #expect(right.message.type == .acknowledge && right.message.yourAddress == declared)
        let wrong = try reply(Samples.message(.request, [wanted(Samples.address("10.77.0.99"))]), declared: declared)
        #expect(wrong.message.type == .refuse && wrong.to == .broadcast && wrong.message.yourAddress.number == 0)
        #expect(wrong.message[DHCPOption.Code.leaseTime] == nil)
    }

    @Test("a renewal is answered to the address in use") mutating func renewal() throws {
        var message = Samples.message(.request)
        message.clientAddress = declared
        let answer = try reply(message, declared: declared)
        #expect(answer.message.type == .acknowledge && answer.to == .client(declared))
    }

    @Test("a machine that became declared is refused its old address") mutating func becameDeclared() throws {
        let old = try reply(Samples.message(.discover), declared: nil).message.yourAddress
        var renewal = Samples.message(.request)
        renewal.clientAddress = old
        #expect(try reply(renewal, declared: declared).message.type == .refuse)
        #expect(try reply(Samples.message(.discover), declared: declared).message.yourAddress == declared)
        #expect(server.leases == [BootLease(mac: Samples.mac, address: declared, declared: true)])
    }

    @Test("an undeclared machine's offer becomes its lease, also when the engine was new in between") mutating func undeclared()
        throws
    {
        let offered = try reply(Samples.message(.discover), declared: nil).message.yourAddress
        #expect(try reply(Samples.message(.request, [wanted(offered)]), declared: nil).message.type == .acknowledge)
        server = DHCPServer(network: Samples.network())
        let after = try reply(Samples.message(.request, [wanted(offered)]), declared: nil).message
        #expect(after.type == .acknowledge && after.yourAddress == offered)
    }

    @Test("an address speaks for a machine, must be renewed, or is another's") mutating func holding() throws {
        let offered = try reply(Samples.message(.discover), declared: nil).message.yourAddress
        let elsewhere = try Samples.address("10.77.0.99")
        #expect(server.holding(Samples.mac, address: offered, declared: nil) == .holds)
        #expect(server.holding(Samples.mac, address: elsewhere, declared: nil) == .differs)
        #expect(server.holding(Samples.mac, address: declared, declared: declared) == .holds)
        #expect(server.holding(Samples.mac, address: offered, declared: declared) == .mustRenew)
        #expect(server.holding(Samples.mac, address: elsewhere, declared: declared) == .differs)
        #expect(server.holding(Samples.otherMAC, address: offered, declared: nil) == .mustRenew)
        #expect(server.holding(Samples.otherMAC, address: offered, declared: declared) == .differs)
        _ = try reply(Samples.message(.discover, mac: Samples.otherMAC), declared: declared)
        #expect(server.holding(Samples.otherMAC, address: declared, declared: elsewhere) == .mustRenew)
        #expect(server.holding(Samples.otherMAC, address: declared, declared: nil) == .mustRenew)
    }

    @Test("what is not for us gets no answer") mutating func notForUs() throws {
        let other = DHCPOption(DHCPOption.Code.serverIdentifier, try Samples.address("10.77.0.2"))
        var relayed = Samples.message(.discover)
        relayed.relay = Samples.engine
        var bootp = Samples.message(.discover)
        bootp.options = []
        var answer = Samples.message(.discover)
        answer.operation = .reply
        var infiniband = Samples.message(.discover)
        infiniband.hardwareType = 32
        let cases: [(DHCPMessage, Silence)] = [
            (Samples.message(.request, [other, wanted(declared)]), .otherServer), (relayed, .relayed), (bootp, .bootp),
            (answer, .notAQuestion), (infiniband, .notEthernet), (Samples.message(.offer), .notAQuestion),
            (Samples.message(.request), .noAddressAsked), (Samples.message(.release), .released),
        ]
        for (message, silence) in cases {
            #expect(server.receive(message, declared: declared, now: .seconds(0)) == .silence(silence))
        }
    }

    @Test("no range and a full range are told apart, with words for the operator") mutating func noAddress() throws {
        var without = DHCPServer(network: Samples.network(first: nil))
        #expect(without.receive(Samples.message(.discover), declared: nil, now: .seconds(0)) == .silence(.noRange(Samples.mac)))
        #expect(Silence.noRange(Samples.mac).line?.contains("not declared") == true)
        server = DHCPServer(network: Samples.network(last: "10.77.0.50"))
        _ = try reply(Samples.message(.discover), declared: nil)
        let second = Samples.message(.discover, mac: Samples.otherMAC)
        #expect(server.receive(second, declared: nil, now: .seconds(1)) == .silence(.rangeExhausted(Samples.otherMAC)))
        #expect(try reply(second, declared: nil, now: .seconds(61)).message.type == .offer)
    }

    @Test("a declined address is given to nobody for a while, and only its holder can decline it") mutating func decline() throws {
        let offered = try reply(Samples.message(.discover), declared: nil).message.yourAddress
        let stranger = Samples.message(.decline, mac: Samples.otherMAC, [wanted(offered)])
        #expect(server.receive(stranger, declared: nil, now: .seconds(0)) == .silence(.otherServer))
        let decline = Samples.message(.decline, [wanted(offered)])
        #expect(server.receive(decline, declared: nil, now: .seconds(0)) == .silence(.declined(Samples.mac, offered)))
        #expect(try reply(Samples.message(.discover), declared: nil).message.yourAddress != offered)
    }

    @Test("an INFORM gets settings without a lease") mutating func inform() throws {
        var message = Samples.message(.inform)
        message.clientAddress = declared
        let answer = try reply(message, declared: declared)
        #expect(answer.message.type == .acknowledge && answer.message.yourAddress.number == 0)
        #expect(answer.message[DHCPOption.Code.leaseTime] == nil && answer.to == .client(declared))
    }
}
