import MusterCore

/// The addresses for machines that are not declared, and who has which. In memory only: a machine's place in the range follows
/// from its MAC, so that it most likely gets the same address again after an engine restart, and a machine that asks for the
/// address it has keeps it.
struct AddressRange {
    struct Lease: Hashable {
        var address: IPv4Address
        var until: Moment
    }

    private let first: UInt32
    private let count: UInt32
    private var leases: [MACAddress: Lease] = [:]
    private var holders: [IPv4Address: MACAddress] = [:]
    /// Addresses that a client found in use by somebody else, and until when to keep off them.
    private var declined: [IPv4Address: Moment] = [:]
    /// Addresses of the range that belong to somebody for good: the engine, declared machines.
    private var excluded: Set<IPv4Address>

    /// Nil for a range whose last address is before its first.
    init?(first: IPv4Address, last: IPv4Address, excluded: Set<IPv4Address> = []) {
        guard first <= last else { return nil }
        self.first = first.number
        count = last.number - first.number == .max ? .max : last.number - first.number + 1
        self.excluded = excluded
    }

    func contains(_ address: IPv4Address) -> Bool { address.number >= first && address.number - first < count }

    func lease(of mac: MACAddress) -> Lease? { leases[mac] }

    var all: [MACAddress: Lease] { leases }

    /// The machine's address: the one it has or had, else the one it wants when that is free, else a free one; nil when the range
    /// is exhausted.
    mutating func address(for mac: MACAddress, wanted: IPv4Address?, until: Moment, now: Moment) -> IPv4Address? {
        guard let address = choice(for: mac, wanted: wanted, now: now) else { return nil }
        if let previous = holders[address], previous != mac { leases[previous] = nil }
        if let old = leases[mac], old.address != address { holders[old.address] = nil }
        let longest = max(until, leases[mac]?.until ?? until)
        leases[mac] = Lease(address: address, until: longest)
        holders[address] = mac
        return address
    }

    private func choice(for mac: MACAddress, wanted: IPv4Address?, now: Moment) -> IPv4Address? {
        if let lease = leases[mac], isUsable(lease.address, by: mac, now: now) { return lease.address }
        if let wanted, contains(wanted), isUsable(wanted, by: mac, now: now), holders[wanted] == nil { return wanted }
        // FNV-1a: the same place for the same MAC in every engine process, which Hasher does not give.
        let hash = mac.octets.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        var expired: IPv4Address?
        for step in 0..<count {
            let offset = UInt32((UInt64(hash) + UInt64(step)) % UInt64(count))
            let address = IPv4Address(number: first + offset)
            guard isUsable(address, by: mac, now: now) else { continue }
            if holders[address] == nil { return address }
            expired = expired ?? address
        }
        return expired
    }

    private func isUsable(_ address: IPv4Address, by mac: MACAddress, now: Moment) -> Bool {
        if excluded.contains(address) { return false }
        if let until = declined[address], now < until { return false }
        guard let holder = holders[address], holder != mac, let lease = leases[holder] else { return true }
        return lease.until < now
    }

    /// Ends a machine's lease. It gets the same address again as long as nobody else needed it.
    mutating func release(_ mac: MACAddress, now: Moment) {
        leases[mac]?.until = now.advanced(by: -1)
    }

    /// Takes an address out of use for a time.
    mutating func decline(_ address: IPv4Address, until: Moment) {
        guard contains(address) else { return }
        declined[address] = until
        if let holder = holders.removeValue(forKey: address) { leases[holder] = nil }
    }

    /// The address is a declared machine's; nobody else gets it.
    mutating func exclude(_ address: IPv4Address) {
        guard contains(address), excluded.insert(address).inserted else { return }
        if let holder = holders.removeValue(forKey: address) { leases[holder] = nil }
    }

    /// The machine is declared now: its place in the range is free.
    mutating func forget(_ mac: MACAddress) {
        if let lease = leases.removeValue(forKey: mac) { holders[lease.address] = nil }
    }
}
