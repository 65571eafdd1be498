import MusterCore
import MusterLua

/// What `help` says at the prompt, for the terminal.
enum Help {
    /// What the prelude's `help` calls: with a name, or with a snapshot.
    static let function = LuaHostFunction.function("help") { call throws(MusterError) in
        let topic = call.arguments.first ?? .null
        let name = topic.string ?? topic[Value.typeKey].string
        return [[Value.typeKey: "help", "text": .string(text(topic.isNull ? "" : name ?? "?"))]]
    }

    /// The Lua that finds the name of what is asked about: a function, a table of the library, a snapshot.
    static let lua: String = {
        let owners = Schema.classes.filter { !$0.methods.isEmpty }.map(\.name) + Schema.tables.map(\.name)
        return """
            local owners = { \(owners.map { "{ \"\($0)\", \($0) }" }.joined(separator: ", ")) }

            local function topic_of(value)
              for _, owner in ipairs(owners) do
                if type(value) == "table" and _ENV[owner[1]] == value then return owner[1] end
                if type(value) == "function" then
                  for name, member in pairs(owner[2]) do
                    if member == value then return owner[1] .. "." .. name end
                  end
                end
              end
              if type(value) ~= "function" then return value end
              for name, member in pairs(_ENV) do
                if member == value then return name end
              end
              return "function"
            end

            function help(value) return host.help(topic_of(value)) end
            host.class("help", { __tostring = function(self) return self.text end })

            """
    }()

    static func text(_ topic: String) -> String {
        let topic = topic.replacing(":", with: ".").replacing("()", with: "")
        if topic.isEmpty { return overview }
        if let call = Schema.call(topic) { return text(call, asked: topic) }
        if let table = Schema.table(topic) { return text(table) }
        if let type = Schema.class(topic) { return text(type) }
        if let event = Schema.event(topic) { return text(event) }
        if let error = Schema.errors.first(where: { $0.code == topic }) {
            return "error \(error.code): \(error.meaning)\n  remedy: \(plain(error.remedy))"
        }
        if let word = Schema.fleetWord(topic) { return text(word) }
        let similar = Spelling.nearest(topic, topics).map { "; did you mean help(\"\($0)\")?" } ?? "; help() lists what there is"
        return "there is no help on this\(topic == "?" || topic == "function" ? "" : ": \(topic)")\(similar)"
    }

    /// Everything that has a text, for the nearest name and for completion.
    static let topics: [String] =
        Schema.calls.map(\.path) + Schema.tables.map(\.name) + Schema.classes.map(\.name) + Schema.eventList.map(\.name)
        + Schema.errors.map(\.code) + Schema.fleetWords.map(\.name)

    private static let overview: String = {
        var lines = ["functions", aligned(Schema.functions.map { ($0.name, $0.doc) }), "", "tables"]
        lines.append(aligned(Schema.tables.map { ($0.name, $0.functions.map(\.name).joined(separator: ", ")) }))
        lines += ["", "objects", aligned(Schema.classes.map { ($0.name, $0.doc) }), ""]
        lines.append("help(resources), help(resources.get), help(\"resource.fence\"), help(\"resource.failed\") say more")
        return lines.joined(separator: "\n")
    }()

    private static func text(_ call: ScriptCall, asked: String) -> String {
        var lines = [call.signature, "  " + plain(call.doc)]
        if asked.contains(".try_") { lines.append("  try_\(call.name) returns nil and the error instead of raising it") }
        let marks = Reference.marks(call)
        if !marks.isEmpty { lines.append("  " + plain(marks.joined(separator: " · "))) }
        for parameter in call.parameters {
            lines.append(
                "  \(parameter.name): \(parameter.type.words)\(parameter.isOptional ? ", optional" : ""). \(plain(parameter.doc))"
            )
            for option in parameter.type.options ?? [] {
                lines.append("    \(option.name): \(option.type.words). \(plain(option.doc))")
            }
        }
        if let type = call.returns { lines.append("  returns \(type.words)\(call.returnsNothing ? ", or nil" : "")") }
        if let example = call.example { lines += ["", indented(example)] }
        return lines.joined(separator: "\n")
    }

    private static func text(_ table: ScriptTable) -> String {
        "\(table.name): \(plain(table.doc))\n" + aligned(table.functions.map { ($0.signature, $0.doc) })
    }

    private static func text(_ type: ScriptClass) -> String {
        var lines = [
            "\(type.name): \(plain(type.doc))",
            aligned(type.fields.map { ($0.name, $0.doc + ($0.unit.map { " (\($0))" } ?? "")) }),
        ]
        if !type.methods.isEmpty { lines += ["", aligned(type.methods.map { ($0.signature, $0.doc) })] }
        return lines.joined(separator: "\n")
    }

    private static func text(_ event: ScriptEvent) -> String {
        let subjects = event.subjects.map { ("event.\($0.rawValue)", "a snapshot") }
        let data = event.data.map {
            ("event.data.\($0.name)", ($0.doc.isEmpty ? $0.type.words : $0.doc) + ($0.unit.map { " (\($0))" } ?? ""))
        }
        return "\(event.name): \(plain(event.doc))" + (subjects.isEmpty && data.isEmpty ? "" : "\n" + aligned(subjects + data))
    }

    private static func text(_ word: FleetWord) -> String {
        "\(word.name), in fleet.lua: \(plain(word.doc))\n" + aligned(word.keys.map { ($0.name, $0.doc) }) + "\n\n"
            + indented(word.example)
    }

    private static func aligned(_ rows: [(String, String)]) -> String {
        let width = min(36, rows.map(\.0.count).max() ?? 0)
        return rows.map { name, doc in
            "  " + name + String(repeating: " ", count: max(0, width - name.count)) + "  " + plain(doc.firstSentence)
        }.joined(separator: "\n")
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
    }

    /// Without the marks of Markdown.
    private static func plain(_ text: String) -> String { text.replacing("`", with: "").replacing("*", with: "") }
}

extension String {
    fileprivate var firstSentence: String { firstRange(of: ". ").map { String(self[..<$0.lowerBound]) + "." } ?? self }
}
