import MusterCore

/// Plain values as people read them: snapshots by their names, the rest as Lua would write it.
enum Words {
    /// The arguments of a call; options that say nothing are left out.
    static func arguments(_ values: [Value]) -> String {
        let said = values.last == .object([:]) ? values.dropLast() : values[...]
        return said.map(argument).joined(separator: ", ")
    }

    /// An argument of a call. A script names a machine or server by its name and, for an order, the incarnation it was decided for.
    static func argument(_ value: Value) -> String { name(of: value) ?? reference(value) ?? literal(value) }

    private static func reference(_ value: Value) -> String? {
        guard let fields = value.object, let name = fields["name"]?.string, fields.keys.allSatisfy({ $0 == "name" || $0 == "incarnation" })
        else { return nil }
        return name
    }

    /// A result: snapshots say more than their name.
    static func result(_ value: Value) -> String {
        switch value[Value.typeKey].string {
        case "resource": return "\(value["name"].string ?? "") (\(value["state"].string ?? ""))"
        case "server":
            let place = value["resource"].string.map { " on \($0)" } ?? ""
            return "\(value["name"].string ?? "") (\(value["state"].string ?? "")\(place))"
        case nil:
            if let items = value.array { return "[" + items.map(result).joined(separator: ", ") + "]" }
            if let kind = value["kind"].string, let detail = value["detail"].string { return "\(kind): \(detail)" }
            return value.string ?? literal(value)
        default: return argument(value)
        }
    }

    /// The facts of an event: `silence=10.2 s code=bmc_silent`.
    static func facts(_ fields: Fields) -> String {
        fields.sorted { $0.key < $1.key }.filter { !$0.value.isNull }.map { key, value in
            let isTime = key == "silence" || key == "milliseconds"
            let text = isTime ? value.int.map { Quantity.people(milliseconds: $0) } : nil
            return "\(key)=\(text ?? value.string ?? argument(value))"
        }.joined(separator: "  ")
    }

    private static func name(of value: Value) -> String? {
        switch value[Value.typeKey].string {
        case "resource", "server", "image": value["name"].string
        case "event": "event \(value["id"].int ?? 0) \(value["name"].string ?? "")"
        case "claim": "epoch \(value["epoch"].int ?? 0): \(argument(value["server"])) on \(argument(value["resource"]))"
        case "tick": "tick \(value["number"].int ?? 0)"
        default: nil
        }
    }

    private static func literal(_ value: Value) -> String {
        switch value {
        case .null: "nil"
        case .string: value.json
        case .array(let items): "{" + items.map(argument).joined(separator: ", ") + "}"
        case .object(let fields):
            "{"
                + fields.sorted { $0.key < $1.key }.filter { $0.key != Value.typeKey }
                .map { "\($0.key) = \(argument($0.value))" }.joined(separator: ", ") + "}"
        default: value.json
        }
    }
}
