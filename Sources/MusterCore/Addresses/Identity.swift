/// Whether a controller belongs to a machine.
public enum Identity {
    /// Compares a BMC's GUID with a machine's DMI UUID. Firmware disagrees on the byte order of the first three fields (SMBIOS
    /// 2.6 stores them little-endian, IPMI 2.0 section 20.8 the whole reversed), so any of the three orders is a match.
    public static func matches(guid: String, uuid: String) -> Bool {
        guard let left = octets(guid), let right = octets(uuid) else { return false }
        return left == right || mixed(left) == right || Array(left.reversed()) == right
    }

    private static func octets(_ text: String) -> [UInt8]? {
        let digits = text.filter { $0 != "-" }
        guard digits.count == 32 else { return nil }
        var octets: [UInt8] = []
        var rest = Substring(digits)
        while let octet = UInt8(rest.prefix(2), radix: 16) {
            octets.append(octet)
            rest = rest.dropFirst(2)
        }
        return octets.count == 16 ? octets : nil
    }

    /// The first three fields with their bytes reversed.
    private static func mixed(_ octets: [UInt8]) -> [UInt8] {
        [3, 2, 1, 0, 5, 4, 7, 6].map { octets[$0] } + octets[8...]
    }
}
