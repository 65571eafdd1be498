import MusterCore

/// Reads a host's fence ladder: `fence = { "bmc", { "bmc", timeout = "20s" }, agent "fence_apc_snmp" { … }, "storage" }`.
struct FenceReader {
    private let fields: FieldReader
    private static let example =
        "fence = { \"bmc\", { agent \"fence_apc_snmp\" { ip = \"10.0.0.9\", plug = 3 }, timeout = \"20s\" }, \"storage\" }"
    private static let words = FenceRung.Kind.allCases.map(\.rawValue)

    private init(_ fields: FieldReader) { self.fields = fields }

    /// The ladder of a host; nil when it declares none.
    static func read(_ fields: inout FieldReader) throws -> [FenceRung]? {
        let value = fields.value("fence")
        if value.isNull { return nil }
        let reader = FenceReader(fields)
        guard value != .object([:]), value != .array([]) else {
            throw fields.wrong(
                "fence is empty, so nothing could ever fence it", hint: "leave it out for { \"bmc\", \"storage\" }, or name a rung")
        }
        guard let items = value.array else { throw fields.wrong("fence is \(value.json), not a list of rungs", hint: example) }
        let rungs = try items.map(reader.rung)
        var seen: Set<FenceRung.Kind> = []
        for rung in rungs where rung.kind != .agent && !seen.insert(rung.kind).inserted {
            throw fields.wrong(
                "fence has \"\(rung.kind.rawValue)\" twice",
                hint: "a rung that failed once fails again: give it more time with { \"\(rung.kind.rawValue)\", timeout = \"2m\" }")
        }
        return rungs
    }

    private func rung(_ value: Value) throws -> FenceRung {
        // `{ "bmc", timeout = "20s" }` crosses with its first value under "1".
        guard let table = value.object, table["agent"] == nil else {
            return try plain(value.array?.count == 1 ? value.array?.first ?? .null : value)
        }
        var inner = FieldReader(noun: "\(fields.noun) \(fields.name): fence", name: "", place: fields.place, fields: value)
        let first = inner.value("1")
        guard !first.isNull else { throw fields.wrong("fence has \(value.json), not a rung", hint: Self.example) }
        var rung = try plain(first)
        rung.timeout = try inner.duration("timeout", minimum: 1_000)
        try inner.finish()
        return rung
    }

    private func plain(_ value: Value) throws -> FenceRung {
        if let word = value.string {
            guard let kind = FenceRung.Kind(rawValue: word) else {
                let nearest = Spelling.nearest(word, Self.words).map { "did you mean \"\($0)\"?" }
                let agent = FenceAgent.isName(word) ? "write agent \"\(word)\" { … }" : nil
                throw fields.wrong(
                    "fence has \"\(word)\", which is no rung",
                    hint: agent ?? nearest ?? "the rungs are \(Self.words.joined(separator: ", "))")
            }
            guard kind != .agent else { throw fields.wrong("fence has \"agent\" without its program", hint: Self.example) }
            return FenceRung(kind)
        }
        guard let program = value["agent"].string else { throw fields.wrong("fence has \(value.json), not a rung", hint: Self.example) }
        return FenceRung(.agent, agent: try agent(program, value["options"]))
    }

    private func agent(_ program: String, _ options: Value) throws -> FenceAgent {
        guard FenceAgent.isName(program) else {
            throw fields.wrong(
                "agent \"\(program)\" is no fence agent's name",
                hint: "fence_ and word characters, without a path: agent \"fence_apc_snmp\" { … }")
        }
        guard let options = options.object, !options.isEmpty else {
            throw fields.wrong(
                "agent \"\(program)\" has no options",
                hint: "agent \"\(program)\" { ip = \"10.0.0.9\", plug = 3, password = secret \"apc\" }")
        }
        var agent = FenceAgent(program: program)
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            try check(name, of: program)
            if let secret = value["secret"].string {
                agent.secrets[name] = secret
            } else {
                agent.options[name] = try text(value, of: name, program)
            }
        }
        return agent
    }

    private func check(_ name: String, of program: String) throws {
        guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_\-]*/) != nil else {
            throw fields.wrong(
                "agent \"\(program)\" has an option \"\(name)\"", hint: "agent \"\(program)\" { ip = \"10.0.0.9\", plug = 3 }")
        }
        if name == "action" || name == "method" {
            throw fields.wrong(
                "agent \"\(program)\" has the option \(name)", hint: "leave it out: the engine says what the agent has to do")
        }
    }

    private func text(_ value: Value, of name: String, _ program: String) throws -> String {
        let text: String? =
            switch value {
            case .string(let text): text
            case .int(let number): "\(number)"
            case .bool(let flag): flag ? "1" : "0"
            default: nil
            }
        guard let text, !text.contains(where: \.isNewline) else {
            throw fields.wrong(
                "agent \"\(program)\": \(name) is \(value.json), not a text, a whole number, true or false", hint: "\(name) = \"…\"")
        }
        if name.lowercased().contains("passw"), !name.hasSuffix("_script") {
            throw fields.wrong(
                "agent \"\(program)\": \(name) is written in plain text",
                hint: "write \(name) = secret \"fence/NAME\", and set it with: muster secret set fence/NAME")
        }
        return text
    }
}
