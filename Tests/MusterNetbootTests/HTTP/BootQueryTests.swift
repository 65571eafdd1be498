import MusterCore
import MusterEngine
import Testing

@testable import MusterNetboot

@Suite("Boot queries") struct BootQueryTests {
    private static let uuid = "11223344-5566-7788-99AA-bbccddeeff00"

    private func query(_ pairs: [(String, String)]) throws -> BootQuery { try BootQuery(pairs.map { (name: $0.0, value: $0.1) }) }

    @Test("a boot request is read, the UUID in small letters") func bootRequest() throws {
        let request = try query([("mac", "52:54:00:77:00:01"), ("uuid", Self.uuid), ("else", "x")]).bootRequest()
        #expect(request == BootRequest(mac: Samples.mac, uuid: Self.uuid.lowercased()))
    }

    @Test("a boot request tells the architecture") func architecture() throws {
        #expect(try query([("mac", "52:54:00:77:00:01"), ("arch", "x86_64")]).bootRequest().arch == "x86_64")
        #expect(try query([("mac", "52:54:00:77:00:01"), ("arch", "")]).bootRequest().arch == nil)
        #expect(throws: QueryError.self) { try query([("mac", "52:54:00:77:00:01"), ("arch", "x86\nkernel")]).bootRequest() }
    }

    @Test(
        "a UUID that says nothing is none",
        arguments: ["", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF"])
    func noUUID(text: String) throws {
        #expect(try query([("mac", "52-54-00-77-00-01"), ("uuid", text)]).bootRequest().uuid == nil)
    }

    @Test("a report is read") func report() throws {
        let pairs = [
            ("mac", "52:54:00:77:00:01"), ("token", "C0FFEE"), ("uuid", ""), ("boot_id", Self.uuid), ("memory_mib", "512"),
            ("cpus", "2"), ("epoch", "7"),
        ]
        let report = try query(pairs).machineReport(from: Samples.engine)
        #expect(report.token == "c0ffee" && report.memoryMiB == 512 && report.cpus == 2 && report.epoch == Epoch(7))
        #expect(report.uuid == nil && report.bootID == Self.uuid.lowercased() && report.address == Samples.engine)
    }

    @Test("a heartbeat is read, an epoch that is empty or 0 is none", arguments: ["", "0"]) func heartbeat(epoch: String) throws {
        let pairs = [
            ("mac", "52:54:00:77:00:01"), ("token", "c0ffee"), ("boot_id", Self.uuid), ("epoch", epoch), ("uptime", "12.34"),
            ("load", "0.5"), ("memory_used_mib", "117"),
        ]
        let heartbeat = try query(pairs).heartbeat()
        #expect(heartbeat.epoch == nil && heartbeat.uptime == 12.34 && heartbeat.load == 0.5 && heartbeat.memoryUsedMiB == 117)
    }

    @Test(
        "what is not a value is refused",
        arguments: [
            ("mac", ""), ("mac", "52:54:00:77:00"), ("mac", "52:54:00:77:00:0g"), ("mac", "+1:54:00:77:00:01"),
            ("mac", "52:54:00:77:00:01\nkernel x"), ("token", "xyz"), ("token", ""),
            ("token", String(repeating: "a", count: 129)),
            ("boot_id", "1"), ("boot_id", ""), ("uuid", "11223344-5566-7788-99aa-bbccddeeff0g"), ("uuid", "${net0/ip}"),
            ("memory_mib", "-1"), ("memory_mib", "+1"), ("memory_mib", "1.5"), ("memory_mib", "99999999999999999999"),
            ("cpus", "0"), ("cpus", ""), ("epoch", "-7"), ("epoch", "7;"),
        ])
    func refused(name: String, value: String) throws {
        var values = [
            "mac": "52:54:00:77:00:01", "token": "c0ffee", "uuid": Self.uuid, "boot_id": Self.uuid, "memory_mib": "512",
            "cpus": "2", "epoch": "7",
        ]
        #expect(throws: Never.self) { try query(values.map { ($0.key, $0.value) }).machineReport(from: nil) }
        values[name] = value
        let pairs = values.map { ($0.key, $0.value) }
        #expect(throws: QueryError.self) { try query(pairs).machineReport(from: nil) }
    }

    @Test("numbers of a heartbeat are plain", arguments: ["nan", "inf", "1e9", "-1", "1,5", String(repeating: "9", count: 25)])
    func measures(text: String) throws {
        let pairs = [("mac", "52:54:00:77:00:01"), ("token", "c0ffee"), ("boot_id", Self.uuid), ("load", text)]
        #expect(throws: QueryError.self) { try query(pairs).heartbeat() }
        #expect(throws: QueryError.self) { try query(pairs.dropLast() + [("memory_used_mib", text)]).heartbeat() }
    }

    private func heartbeat(watchdog: String) throws -> Heartbeat {
        try query([("mac", "52:54:00:77:00:01"), ("token", "c0ffee"), ("boot_id", Self.uuid), ("watchdog", watchdog)]).heartbeat()
    }

    @Test("a heartbeat names its armed watchdog", arguments: [("i6300esb:30", "i6300esb", 30), ("iTCO_wdt:3600", "iTCO_wdt", 3600)])
    func watchdog(text: String, driver: String, seconds: Int64) throws {
        #expect(try heartbeat(watchdog: text).watchdog == ArmedWatchdog(driver: driver, seconds: seconds))
        #expect(try heartbeat(watchdog: "").watchdog == nil)
    }

    @Test(
        "what is no watchdog with its seconds keeps no lease",
        arguments: [
            "i6300esb", "i6300esb:", ":30", "i6300esb:0", "i6300esb:-1", "i6300esb:+30", "i6300esb:30s", "i6300esb:1.5", "i6300esb:3601",
            "i6300esb:30:30", "i6300esb:99999999999999999999", "a b:30", "a/b:30", "ä:30", String(repeating: "a", count: 33) + ":30",
        ])
    func noWatchdog(text: String) { #expect(throws: QueryError.self) { try heartbeat(watchdog: text) } }

    @Test("a parameter given twice is refused") func twice() {
        #expect(throws: QueryError.self) { try query([("mac", "52:54:00:77:00:01"), ("mac", "52:54:00:77:00:02")]) }
    }
}
