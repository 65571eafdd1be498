import MusterCore
import Testing

@Suite struct AddressTests {
    @Test func hardwareAddresses() throws {
        #expect(MACAddress("52-54-00-77-00-0A")?.description == "52:54:00:77:00:0a")
        for wrong in ["", "52:54:00:77:00", "52:54:00:77:00:0g", "52:54:00:77:00:+f", "52:54:00:77:00:01:02", "525400770001"] {
            #expect(MACAddress(wrong) == nil)
        }
    }

    @Test func internetAddresses() throws {
        #expect(IPv4Address("10.77.0.1")?.octets == [10, 77, 0, 1])
        for wrong in ["", "10.77.0", "10.77.0.256", "10.77.0.1.2", "a.b.c.d", "10..0.1", "+1.2.3.4"] { #expect(IPv4Address(wrong) == nil) }
        let network = try #require(IPv4Network("10.77.0.1/24"))
        #expect(network.mask.description == "255.255.255.0")
        #expect(network.contains(try #require(IPv4Address("10.77.0.250"))))
        #expect(!network.contains(try #require(IPv4Address("10.77.1.1"))))
        #expect(IPv4Network("10.77.0.1/33") == nil)
    }

    @Test(arguments: [
        "6d757374-6572-4c61-b000-525400770001", "7473756d-7265-614c-b000-525400770001", "01007700-5452-00b0-614c-72657473756d",
    ]) func aControllersIdentityInAnyOfTheThreeOrders(_ guid: String) {
        #expect(Identity.matches(guid: guid, uuid: "6d757374-6572-4c61-b000-525400770001"))
        #expect(!Identity.matches(guid: guid, uuid: "6d757374-6572-4c61-b000-525400770002"))
    }
}
