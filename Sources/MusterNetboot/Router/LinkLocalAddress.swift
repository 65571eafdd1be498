/// What this machine can do with IPv6 on an interface.
enum LinkLocalAddress {
    /// Whether the operator switched IPv6 off there, or the kernel has none.
    static func isDisabled(on interface: String) -> Bool {
        SystemFile.text("/proc/sys/net/ipv6/conf/\(interface)/disable_ipv6")?.hasPrefix("0") != true
    }

    /// Whether the interface has an address to send from; it has none without carrier, nor in its first second. Hosts drop an
    /// advertisement that comes from no link-local address (RFC 4861 section 6.1.2), and the kernel would send it from none at
    /// all. The columns are: address, index, prefix, scope (20: link), flags (40: tentative), name.
    static func isUsable(on interface: String) -> Bool {
        let lines = (SystemFile.text("/proc/net/if_inet6") ?? "").split(separator: "\n")
        return lines.contains { line in
            let columns = line.split(separator: " ")
            guard columns.count == 6, columns[5] == interface, columns[3] == "20", let flags = Int(columns[4], radix: 16) else {
                return false
            }
            return flags & 0x40 == 0
        }
    }
}
