import MusterCore
import MusterEngine

/// The parameters of a machine's request, checked: nothing of them can end up as a line of a script or a kernel argument that
/// they are not. Errors: `QueryError`.
struct BootQuery {
    private let parameters: [String: String]

    /// Names and values after percent decoding, in the order of the request.
    init(_ pairs: [(name: String, value: String)]) throws {
        var parameters: [String: String] = [:]
        for pair in pairs where parameters.updateValue(pair.value, forKey: pair.name) != nil {
            throw QueryError("a parameter is given twice")
        }
        self.parameters = parameters
    }

    func bootRequest() throws -> BootRequest { BootRequest(mac: try mac(), uuid: try uuid("uuid"), arch: try arch()) }

    func machineReport(from address: IPv4Address?) throws -> MachineReport {
        MachineReport(
            mac: try mac(), token: try token(), bootID: try bootID(), uuid: try uuid("uuid"),
            memoryMiB: try number("memory_mib", 1...(1 << 40)), cpus: Int(try number("cpus", 1...65536)),
            epoch: try epoch(), address: address)
    }

    func heartbeat() throws -> Heartbeat {
        Heartbeat(
            mac: try mac(), token: try token(), bootID: try bootID(), epoch: try epoch(),
            uptime: try measure("uptime"), load: try measure("load"),
            memoryUsedMiB: optional("memory_used_mib") == nil ? nil : try number("memory_used_mib", 0...(1 << 40)), watchdog: try watchdog()
        )
    }

    /// Iff the parameter is there with a value; firmware writes `uuid=` when it knows none.
    private func optional(_ name: String) -> String? { parameters[name].flatMap { $0.isEmpty ? nil : $0 } }

    private func required(_ name: String) throws -> String {
        guard let text = optional(name) else { throw QueryError("the parameter \(name) is missing") }
        return text
    }

    private func mac() throws -> MACAddress {
        let text = try required("mac")
        guard text.utf8.count == 17,
            text.utf8.allSatisfy({ $0.isHexadecimal || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }),
            let mac = MACAddress(text)
        else { throw QueryError("mac is not an Ethernet address like 52:54:00:77:00:01") }
        return mac
    }

    /// As iPXE names its own (`x86_64`).
    private func arch() throws -> String? {
        guard let text = optional("arch") else { return nil }
        let isWord = text.utf8.count <= 16 && text.utf8.allSatisfy { $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "_") }
        guard isWord else { throw QueryError("arch is not a word like x86_64") }
        return text
    }

    private func token() throws -> String {
        let text = try required("token")
        guard text.utf8.count <= 128, text.utf8.allSatisfy(\.isHexadecimal) else {
            throw QueryError("token is not a hexadecimal number of at most 128 digits")
        }
        return text.lowercased()
    }

    private func bootID() throws -> String {
        guard let text = try uuid("boot_id") else { throw QueryError("the parameter boot_id is missing") }
        return text
    }

    private func uuid(_ name: String) throws -> String? {
        guard let text = optional(name) else { return nil }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], groups.allSatisfy({ $0.utf8.allSatisfy(\.isHexadecimal) }) else {
            throw QueryError("\(name) is not a UUID like 4c4c4544-0043-3010-8035-b9c04f4d3132")
        }
        // All zeros and all ones mean that the firmware has no UUID (SMBIOS 3.6, section 7.2.1).
        let digits = Set(text.lowercased()).subtracting(["-"])
        let isNone = digits == ["0"] || digits == ["f"]
        return isNone ? nil : text.lowercased()
    }

    /// The ramdisk writes 0 when its command line names no epoch.
    private func epoch() throws -> Epoch? {
        guard optional("epoch") != nil else { return nil }
        let number = try number("epoch", 0...Int64.max)
        return number == 0 ? nil : Epoch(number)
    }

    /// `i6300esb:30`: the driver, and the seconds read back from the device.
    private func watchdog() throws -> ArmedWatchdog? {
        guard let text = optional("watchdog") else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...32).contains(parts[0].utf8.count),
            parts[0].utf8.allSatisfy({ $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "_") }),
            parts[1].utf8.allSatisfy(\.isDigit), let seconds = Int64(parts[1]), (1...3600).contains(seconds)
        else { throw QueryError("watchdog is not a driver and its seconds like i6300esb:30") }
        return ArmedWatchdog(driver: String(parts[0]), seconds: seconds)
    }

    private func number(_ name: String, _ bounds: ClosedRange<Int64>) throws -> Int64 {
        let text = try required(name)
        guard text.utf8.allSatisfy(\.isDigit), let number = Int64(text), bounds.contains(number) else {
            throw QueryError("\(name) is not a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    private func measure(_ name: String) throws -> Double? {
        guard let text = optional(name) else { return nil }
        guard text.utf8.count <= 24, text.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }), let number = Double(text)
        else {
            throw QueryError("\(name) is not a number like 12.5")
        }
        return number
    }
}

/// What is wrong with a query: a plain sentence without anything of the query in it.
struct QueryError: Error, Hashable {
    var message: String
    init(_ message: String) { self.message = message }
}
