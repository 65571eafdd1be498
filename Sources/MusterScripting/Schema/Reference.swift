import MusterCore

/// The reference as Markdown.
enum Reference {
    private static let note = "Generated from the schema of the script interface by `\(SchemaFiles.command)`."

    static let text: String = {
        var parts = [
            "# Reference of the script interface",
            "\(note) The tutorial is [lua.md](lua.md). `help(resources)` shows the same at the prompt.",
        ]
        parts.append(
            """
            *step*: journaled before it acts and again with its result; may wait; not at a hook file's top level. *needs*: what \
            the hook file declares with `needs { … }`. *in doubt*: what happens to it when the engine died meanwhile: `repeat` \
            does it again, `verify` reads what is before it acts, `ask` waits for an operator. A step of a table or object has a \
            twin `try_…` that returns `nil` and the error instead of raising it.
            """)
        parts.append("## Functions")
        parts += Schema.functions.map(entry)
        for table in Schema.tables {
            parts += ["## `\(table.name)`", table.doc]
            parts += table.functions.map(entry)
        }
        parts.append("## Objects")
        for type in Schema.classes {
            parts += ["### `\(type.name)`", type.doc, fields(type.fields, "field")]
            parts += type.methods.map(entry)
        }
        parts += [
            "## Events", "They are listed in [events.md](events.md).", "## Errors", errors, "## Words of fleet.lua",
            "See also [fleet.md](fleet.md).",
        ]
        for word in Schema.fleetWords {
            parts += [
                "### `\(word.name)\(word.hasName ? " \"name\"" : "")`", word.doc, code(word.example), fields(word.keys, "key"),
            ]
            for key in word.keys { if let inner = key.type.options { parts += ["`\(key.name)` has", fields(inner, "key")] } }
        }
        parts += ["### `\(Schema.secret.name) \"name\"`", Schema.secret.doc, code(Schema.secret.example ?? "")]
        parts += ["### `\(Schema.agent.name) \"program\" { … }`", Schema.agent.doc, code(Schema.agent.example ?? "")]
        return parts.joined(separator: "\n\n") + "\n"
    }()

    static let events: String = {
        let rows = Schema.eventList.map { event in
            let data = event.data.map { field in
                let unit = field.unit.map { " (\($0))" } ?? ""
                return "`\(field.name)`\(unit)\(field.doc.isEmpty ? "." : ": \(field.doc.lowercasedFirst)")"
            }
            let subjects = event.subjects.map(\.rawValue).joined(separator: ", ")
            return "| `\(event.name)` | \(event.doc) | \(subjects) | \(data.joined(separator: " ")) |"
        }
        let head = [
            "# Events", note,
            """
            Every event is durable before any hook sees it. It has `id`, `name`, `at` (milliseconds since 1970), `data`, and \
            where they apply `resource` and `server` (snapshots).
            """,
        ]
        let table =
            ["| event | when | about | data |", "| --- | --- | --- | --- |"] + rows + [
                "| `user.…` | a script emitted it | | its own |"
            ]
        return (head + [table.joined(separator: "\n")]).joined(separator: "\n\n") + "\n"
    }()

    private static let errors =
        (["| code | meaning | remedy |", "| --- | --- | --- |"]
        + Schema.errors.map { "| `\($0.code)` | \($0.meaning) | \($0.remedy) |" }).joined(separator: "\n")

    private static func entry(_ call: ScriptCall) -> String {
        var parts = ["### `\(call.signature)`"]
        let marks = self.marks(call)
        if !marks.isEmpty { parts.append(marks.joined(separator: " · ")) }
        parts.append(call.doc)
        if !call.parameters.isEmpty {
            parts.append(
                call.parameters.flatMap { parameter in
                    ["- `\(parameter.name)`: \(describe(parameter))"]
                        + (parameter.type.options ?? []).map { "    - `\($0.name)`: \(describe($0))" }
                }.joined(separator: "\n"))
        }
        if let type = call.returns { parts.append("Returns \(type.words)\(call.returnsNothing ? ", or `nil`" : "").") }
        if let example = call.example { parts.append(code(example)) }
        return parts.joined(separator: "\n\n")
    }

    /// What to know of a call at a glance.
    static func marks(_ call: ScriptCall) -> [String] {
        var marks: [String] = call.isStep ? ["*step*"] : []
        let needs = Schema.needs(call).map(\.rawValue).sorted()
        if !needs.isEmpty { marks.append("needs " + needs.map { "`\"\($0)\"`" }.joined(separator: ", ")) }
        if let rule = Schema.inDoubtRule(of: call) { marks.append("in doubt: `\(rule)`") }
        return marks
    }

    private static func describe(_ field: ScriptField) -> String {
        let words = field.type.options == nil ? field.type.words : "a table"
        return words + (field.isOptional ? ", optional" : "") + (field.doc.isEmpty ? "" : ". \(field.doc)")
    }

    private static func fields(_ fields: [ScriptField], _ noun: String) -> String {
        let rows = fields.map { field in
            let type = field.type.options == nil ? field.type.words : "a table"
            let unit = field.unit.map { " (\($0))" } ?? ""
            return "| `\(field.name)` | \(type)\(unit)\(field.isOptional ? ", optional" : "") | \(field.doc) |"
        }
        return (["| \(noun) | type | meaning |", "| --- | --- | --- |"] + rows).joined(separator: "\n")
    }

    private static func code(_ text: String) -> String { "```lua\n\(text)\n```" }
}

extension String {
    var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
