import MusterCore

/// What kind of program asks for an address, by what it says about itself.
enum BootClient: Sendable, Hashable {
    /// iPXE, from a card's ROM or loaded by us a moment ago: gets the boot script.
    case iPXE
    /// A BIOS PXE ROM: gets `undionly.kpxe` by TFTP.
    case bios
    /// UEFI for x64, PXE: gets `snponly.efi` by TFTP.
    case uefi
    /// UEFI for x64, HTTP boot: gets `snponly.efi` by HTTP.
    case uefiHTTP
    /// Firmware of a machine for which there is no boot file (RFC 4578 section 2.1).
    case unsupported(architecture: UInt16)
    /// Any other DHCP client: gets an address only.
    case plain

    init(_ message: DHCPMessage) {
        if message[DHCPOption.Code.iPXE] != nil || Self.isUserClass("iPXE", in: message) {
            self = .iPXE
            return
        }
        let vendorClass = String(decoding: message[DHCPOption.Code.vendorClass] ?? [], as: UTF8.self)
        let isHTTP = vendorClass.hasPrefix("HTTPClient")
        guard isHTTP || vendorClass.hasPrefix("PXEClient") else {
            self = .plain
            return
        }
        let architecture = Self.architecture(of: message, vendorClass: vendorClass)
        switch (architecture, isHTTP) {
        case (0, false): self = .bios
        // 9 is what EFI byte code was meant to be and x64 firmware sends; 7 is the reverse.
        case (7, false), (9, false): self = .uefi
        case (16, _): self = .uefiHTTP
        default: self = .unsupported(architecture: architecture)
        }
    }

    /// RFC 3004 wants each user class with its length before it; iPXE sends the bare word.
    private static func isUserClass(_ name: String, in message: DHCPMessage) -> Bool {
        guard let octets = message[DHCPOption.Code.userClass] else { return false }
        if octets == Array(name.utf8) { return true }
        var reader = ByteReader(octets)
        while let length = try? reader.octet(), let item = try? reader.take(Int(length)) {
            if item.elementsEqual(name.utf8) { return true }
        }
        return false
    }

    /// Option 93, or the number in `PXEClient:Arch:00007:…`; firmware that says neither is a BIOS.
    private static func architecture(of message: DHCPMessage, vendorClass: String) -> UInt16 {
        if let octets = message[DHCPOption.Code.architecture], octets.count >= 2 {
            return UInt16(octets[0]) << 8 | UInt16(octets[1])
        }
        let fields = vendorClass.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count > 2, fields[1] == "Arch" else { return 0 }
        return UInt16(fields[2]) ?? 0
    }
}

/// What a boot client gets beside its address.
struct BootOffer: Sendable, Hashable {
    /// A TFTP file name or a URL.
    var file: String
    /// The vendor class to answer with; UEFI HTTP boot takes no offer without `HTTPClient`.
    var vendorClass: String?
    /// Whether the file is fetched by TFTP from us.
    var isTFTP: Bool
}

extension BootClient {
    /// Nil for a client that gets an address only. `url` is the boot service's own, without a slash at its end.
    func offer(url: String, mac: MACAddress) -> BootOffer? {
        switch self {
        case .iPXE: BootOffer(file: BootURL.script(base: url, mac: mac), isTFTP: false)
        case .bios: BootOffer(file: "undionly.kpxe", isTFTP: true)
        case .uefi: BootOffer(file: "snponly.efi", isTFTP: true)
        case .uefiHTTP:
            BootOffer(file: BootURL.file("snponly.efi", base: url), vendorClass: "HTTPClient", isTFTP: false)
        case .unsupported, .plain: nil
        }
    }
}
