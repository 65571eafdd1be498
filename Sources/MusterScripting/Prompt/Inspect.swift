import MusterCore

/// Values as a prompt shows them.
enum Inspect {
    /// Lists of objects as tables, objects with their fields, texts as they are written in Lua.
    static func text(_ value: Value, indent: String = "") -> String {
        switch value {
        case .null: return "nil"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number): return number.description
        case .string(let text): return quoted(text)
        case .array(let items):
            if items.isEmpty { return "{}" }
            if let table = table(items) { return table }
            if items.allSatisfy({ $0.array == nil && $0.object == nil }) {
                return "{ " + items.map { text($0) }.joined(separator: ", ") + " }"
            }
            return "{\n" + items.map { "\(indent)  \(text($0, indent: indent + "  ")),\n" }.joined() + indent + "}"
        case .object(let fields):
            if fields.isEmpty { return "{}" }
            if fields[Value.typeKey] == "help" { return fields["text"]?.string ?? "" }
            return head(fields) + "{\n"
                + fields.keys.filter { $0 != Value.typeKey }.sorted().map {
                    "\(indent)  \(key($0)) = \(inner(fields[$0] ?? .null, indent)),\n"
                }.joined() + indent + "}"
        }
    }

    private static func head(_ fields: Fields) -> String {
        guard let type = fields[Value.typeKey]?.string else { return "" }
        return type + (fields["name"]?.string.map { " \(quoted($0))" } ?? "") + " "
    }

    private static func inner(_ value: Value, _ indent: String) -> String {
        if case .object(let fields) = value, fields[Value.typeKey] != nil, let name = fields["name"]?.string {
            return "\(fields[Value.typeKey]?.string ?? "") \(quoted(name))"
        }
        return text(value, indent: indent + "  ")
    }

    private static func key(_ name: String) -> String {
        name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil ? name : "[\(quoted(name))]"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: scalar.value < 32 || scalar.value == 127 ? "\\\(scalar.value)" : String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private static let columns: [String: [String]] = [
        "resource": ["name", "state", "power", "server", "memory_mib", "cpus", "address"],
        "server": ["name", "state", "target", "resource", "priority", "address"],
        "image": ["name", "format", "server", "path"],
    ]

    /// A list of snapshots of one kind as aligned columns.
    private static func table(_ items: [Value]) -> String? {
        guard let kind = items[0][Value.typeKey].string, let columns = columns[kind],
            items.allSatisfy({ $0[Value.typeKey].string == kind })
        else { return nil }
        let rows =
            [columns]
            + items.map { item in
                columns.map { column in item[column].string ?? (item[column].isNull ? "–" : text(item[column])) }
            }
        let widths = columns.indices.map { index in rows.map { $0[index].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                .replacing(/[ ]+$/, with: "")
        }.joined(separator: "\n")
    }
}
