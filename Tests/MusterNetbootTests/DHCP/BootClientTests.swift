import MusterCore
import Testing

@testable import MusterNetboot

@Suite("Boot clients") struct BootClientTests {
    private func client(_ options: DHCPOption...) -> BootClient { BootClient(Samples.message(.discover, options)) }
    private let http = DHCPOption(DHCPOption.Code.vendorClass, text: "HTTPClient:Arch:00016:UNDI:003001")

    @Test("firmware is told by its architecture") func architectures() {
        #expect(client(Samples.pxe, Samples.architecture(0)) == .bios)
        #expect(client(Samples.pxe) == .bios)
        #expect(client(Samples.pxe, Samples.architecture(7)) == .uefi)
        #expect(client(Samples.pxe, Samples.architecture(9)) == .uefi)
        #expect(client(http, Samples.architecture(16)) == .uefiHTTP)
        #expect(client(Samples.pxe, Samples.architecture(11)) == .unsupported(architecture: 11))
        #expect(client(http, Samples.architecture(19)) == .unsupported(architecture: 19))
    }

    @Test("the vendor class tells the architecture when option 93 does not") func vendorClass() {
        #expect(client(DHCPOption(60, text: "PXEClient:Arch:00007:UNDI:003016")) == .uefi)
        #expect(client(http) == .uefiHTTP)
    }

    @Test("iPXE is iPXE on any firmware, or it would load itself for ever") func iPXE() {
        #expect(client(Samples.pxe, Samples.architecture(0), DHCPOption(77, text: "iPXE")) == .iPXE)
        #expect(client(Samples.pxe, Samples.architecture(7), DHCPOption(77, [1, 120, 4] + Array("iPXE".utf8))) == .iPXE)
        #expect(client(Samples.pxe, Samples.architecture(7), DHCPOption(175, [])) == .iPXE)
        #expect(client(Samples.pxe, DHCPOption(77, [9, 105, 80])) == .bios)
    }

    @Test("other clients get an address only") func plain() {
        #expect(client(DHCPOption(60, text: "udhcp 1.35.0")) == .plain)
        #expect(client() == .plain)
        #expect(BootClient.plain.offer(url: "http://x", mac: Samples.mac) == nil)
        #expect(BootClient.unsupported(architecture: 11).offer(url: "http://x", mac: Samples.mac) == nil)
    }

    @Test("each client gets its file") func offers() {
        func offer(_ client: BootClient) -> BootOffer? { client.offer(url: "http://10.77.0.1:8080", mac: Samples.mac) }
        #expect(offer(.bios) == BootOffer(file: "undionly.kpxe", isTFTP: true))
        #expect(offer(.uefi) == BootOffer(file: "snponly.efi", isTFTP: true))
        #expect(
            offer(.uefiHTTP)
                == BootOffer(file: "http://10.77.0.1:8080/files/snponly.efi", vendorClass: "HTTPClient", isTFTP: false))
        #expect(offer(.iPXE)?.file == "http://10.77.0.1:8080/boot.ipxe?mac=52:54:00:77:00:01&uuid=${uuid}&arch=${buildarch}")
    }
}
