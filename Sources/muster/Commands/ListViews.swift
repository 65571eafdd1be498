import MusterCore

/// The tables of the things there are.
enum ListViews {
    static func resources(_ values: [Value]) -> Table {
        var table = Table("MACHINE", "STATE", "POWER", "SERVER", "ADDRESS", ">MEMORY", ">CPUS", ">LOAD", "TAGS", "NOTE")
        for value in values {
            table.add(
                Table.Cell(value["name"].string ?? "", .bold), .state(value["state"].string ?? ""),
                .state(value["power"].string ?? ""),
                Table.Cell(value["server"].string ?? ""), Table.Cell(value["address"].string ?? ""),
                Table.Cell(memory(value)), Table.Cell(value["cpus"].int.map(String.init) ?? ""), Table.Cell(load(value)),
                Table.Cell(tags(value)),
                Table.Cell(note(on: value), .busy))
        }
        return table
    }

    private static func note(on resource: Value) -> String {
        let end = resource["maintenance_until"].int.map { "maintenance until \(Times.clock($0))" }
        let isGuest = resource["kind"].string == "vm"
        let fault = resource["bmc_fault"].string.map { "\(isGuest ? "hypervisor" : "BMC"): \($0)" }
        if end != nil || fault != nil { return [end, fault].compactMap { $0 }.joined(separator: "; ") }
        if resource["declared"].bool == false { return "found, not declared" }
        if let hypervisor = resource["hypervisor"].string { return "on \(hypervisor)" }
        return resource["has_bmc"].bool == false ? "no BMC" : ""
    }

    static func servers(_ values: [Value], now: Int64 = Times.now) -> Table {
        var table = Table("SERVER", "STATE", "ON", "ADDRESS", "IMAGE", ">PRIORITY", "SINCE")
        for value in values {
            let blocked = value["blocked"]
            let since = value["since"].int ?? blocked["since"].int
            table.add(
                Table.Cell(value["name"].string ?? "", .bold), .state(value["state"].string ?? ""),
                Table.Cell(value["resource"].string ?? ""),
                Table.Cell(value["address"].string ?? ""), Table.Cell(value["image"].string ?? ""),
                Table.Cell(value["priority"].int.map(String.init) ?? ""), Table.Cell(since.map { Times.ago($0, now: now) } ?? ""),
                notes: blocked.isNull
                    ? []
                    : [
                        Table.Cell("reason: \(blocked["reason"].string ?? "")", .bad),
                        Table.Cell("remedy: \(blocked["remedy"].string ?? "")", .name),
                    ])
        }
        return table
    }

    static func images(_ values: [Value]) -> Table {
        var table = Table("IMAGE", "FORMAT", "SERVER", "PATH")
        for value in values {
            table.add(
                Table.Cell(value["name"].string ?? "", .bold), Table.Cell(value["format"].string ?? ""),
                Table.Cell(value["server"].string ?? ""), Table.Cell(value["path"].string ?? ""))
        }
        return table
    }

    private static func memory(_ value: Value) -> String {
        guard let size = value["memory_mib"].int, size > 0 else { return "" }
        return Quantity.people(bytes: size << 20)
    }

    /// The load of each CPU, in hundredths.
    private static func load(_ value: Value) -> String {
        guard let load = value["load"].double else { return "" }
        let hundredths = Int64((load * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    private static func tags(_ value: Value) -> String {
        (value["tags"].array ?? []).compactMap(\.string).joined(separator: ", ")
    }
}
