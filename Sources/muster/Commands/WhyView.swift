import MusterCore

/// Where a server could run, for people.
enum WhyView {
    static func lines(_ value: Value) -> [String] {
        let (candidates, others) = (value["candidates"].array ?? [], value["others"].array ?? [])
        var lines = [needs(value), now(value)]
        if value["blocked"]["reason"].string != nil { lines.append("  reason: \(value["blocked"]["reason"].string ?? "")") }
        if value["gives_way"].bool == true { lines.append("Servers of higher priority look for a machine: they go first.") }
        if !candidates.isEmpty {
            var table = Table(">#", "CANDIDATE", "BECAUSE")
            for (index, candidate) in candidates.enumerated() {
                let reasons = (candidate["reasons"].array ?? []).compactMap(\.string).joined(separator: ", ")
                table.add(Table.Cell(String(index + 1)), Table.Cell(candidate["name"].string ?? "", .bold), Table.Cell(reasons))
            }
            lines += [""] + Screen.out.table(table)
        }
        if !others.isEmpty {
            var table = Table("NOT", "BECAUSE IT")
            for other in others { table.add(Table.Cell(other["name"].string ?? "", .bold), Table.Cell(other["objection"].string ?? "")) }
            lines += [""] + Screen.out.table(table)
        }
        return lines
    }

    private static func needs(_ value: Value) -> String {
        let tags = (value["tags"].array ?? []).compactMap(\.string)
        let parts = [
            value["memory_mib"].int.map { Quantity.people(bytes: $0 << 20) }, value["cpus"].int.map { "\($0) CPU\($0 == 1 ? "" : "s")" },
            tags.isEmpty ? nil : "tags " + tags.joined(separator: ", "),
        ]
        return "\(value["name"].string ?? "") needs " + parts.compactMap { $0 }.joined(separator: ", ")
    }

    private static func now(_ value: Value) -> String {
        "It is \(value["state"].string ?? "")" + (value["resource"].string.map { " on \($0)" } ?? "")
    }
}
