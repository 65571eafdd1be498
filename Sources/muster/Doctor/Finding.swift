import MusterCore

/// One thing that the doctor looked at.
struct Finding: Codable, Sendable, Equatable {
    enum Group: String, Codable, Sendable, CaseIterable {
        case engine, lab

        var title: String { "to run the \(rawValue)" }
    }

    enum State: String, Codable, Sendable {
        case present
        /// Something needed is not there.
        case missing
        /// Better with it, possible without.
        case absent
        /// Only trying it would tell.
        case unknown
    }

    var group: Group
    var name: String
    var state: State
    /// What was seen, or what it is for.
    var detail: String
    /// The Debian package that brings it.
    var package: String?
    /// What else helps.
    var remedy: String?
}

/// What the doctor found, and the one command that installs what is missing.
struct Diagnosis: Sendable {
    var findings: [Finding]
    /// Whether packages are installed by this user directly.
    var isRoot: Bool

    var isHealthy: Bool { !findings.contains { $0.state == .missing } }

    var packages: [String] { Set(findings.filter { $0.state == .missing }.compactMap(\.package)).sorted() }

    /// Nil when no package is missing.
    var command: String? {
        packages.isEmpty
            ? nil : (isRoot ? "" : "sudo ") + "apt-get install -y --no-install-recommends " + packages.joined(separator: " ")
    }

    var value: Value {
        get throws {
            var fields: Fields = [
                "healthy": .bool(isHealthy), "packages": .array(packages.map { .string($0) }),
                "findings": .array(try findings.map { try Value(encoding: $0) }),
            ]
            fields["command"] = command.map { .string($0) }
            return .object(fields)
        }
    }

    func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        for group in Finding.Group.allCases {
            let items = findings.filter { $0.group == group }
            if items.isEmpty { continue }
            let width = items.map { TextWidth.of($0.name) }.reduce(0, max)
            if !lines.isEmpty { lines.append("") }
            lines.append(style(group.title, .bold))
            for item in items {
                let padding = String(repeating: " ", count: width - TextWidth.of(item.name))
                let detail = style(item.detail, item.state == .missing ? .bad : .faint)
                lines.append("  \(mark(item.state, style)) \(item.name)\(padding)  \(detail)")
                if item.state != .present, let remedy = item.remedy { lines.append("      \(style("hint:", .name)) \(remedy)") }
            }
        }
        if let command { lines += ["", "install what is missing:", "  " + style(command, .name)] }
        if isHealthy { lines += ["", style("nothing needed is missing", .good)] }
        return lines
    }

    private func mark(_ state: Finding.State, _ style: Style) -> String {
        switch state {
        case .present: style("✓", .good)
        case .missing: style("✗", .bad)
        case .absent: style("–", .busy)
        case .unknown: style("?", .busy)
        }
    }
}
