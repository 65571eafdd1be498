import Foundation
import MusterCore
import MusterEngine

/// A fence agent's program as it is called: where it is, and what goes into its standard input.
struct AgentProgram {
    let name: String
    let path: String
    /// Every option but `action`, a line each. Holds passwords.
    private let options: String
    /// What must never be shown of what it says.
    private let hidden: [String]

    /// Errors: `agent_unfit` for a name or an option that is refused, `agent_missing` with the package to install.
    init(_ agent: FenceAgentAccess, in folders: [String]) throws {
        name = agent.program
        try Self.checkName(agent.program)
        let secrets = try agent.secrets.mapValues { try Self.text($0, agent.program) }
        let all = agent.options.merging(secrets) { _, secret in secret }
        options = try all.sorted { $0.key < $1.key }.map { try Self.line($0.key, $0.value, agent.program) }.joined()
        hidden = secrets.values.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
        guard let found = folders.map({ "\($0)/\(agent.program)" }).first(where: FileManager.default.isExecutableFile) else {
            throw MusterError(
                "agent_missing", "the fence agent \(agent.program) is not in \(folders.joined(separator: ", "))",
                hint: "install it: apt-get install \(Self.package(of: agent.program))", subject: agent.program)
        }
        path = found
    }

    /// What it is asked for; never `reboot` or `cycle`.
    enum Action: String { case off, on, status }

    /// A call with passwords in nothing but its standard input.
    func request(_ action: Action, timeout: Int64) -> ProgramRequest {
        var request = ProgramRequest(program: path, arguments: [])
        request.input = "\(options)action=\(action.rawValue)\n"
        request.timeout = timeout
        request.most = 64 << 10
        return request
    }

    /// The last thing that a text of it says, without secrets.
    func lastWords(_ text: String) -> String? {
        let lines = shown(text).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        return lines.last { !$0.isEmpty }.map { String($0.prefix(200)) }
    }

    /// A text of it without secrets.
    func shown(_ text: String) -> String { hidden.reduce(text) { $0.replacingOccurrences(of: $1, with: "•••") } }

    /// Which Debian package has it.
    static func package(of name: String) -> String { ["fence_virt", "fence_xvm"].contains(name) ? "fence-virt" : "fence-agents" }

    /// Agents whose "off" says nothing of a machine's power: they cut its storage or its network, or only pretend.
    private static let powerless: Set<String> = [
        "fence_ack_manual", "fence_brocade", "fence_cisco_mds", "fence_compute", "fence_crosslink", "fence_dummy", "fence_evacuate",
        "fence_heuristics_ping", "fence_ifmib", "fence_kdump", "fence_mpath", "fence_sanbox2", "fence_sbd", "fence_scsi",
    ]

    private static func checkName(_ name: String) throws {
        let tail = name.utf8.dropFirst(6)
        guard name.hasPrefix("fence_"), !tail.isEmpty,
            tail.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 })
        else {
            throw MusterError(
                "agent_unfit", "\(Value.string(name).json) is no fence agent's name",
                hint: "its program's name without a path, like fence_apc_snmp", subject: name)
        }
        if powerless.contains(name) {
            throw MusterError(
                "agent_unfit", "\(name) switches no machine off, so what it says is no proof that one is",
                hint: "use an agent that switches power, and the rung \"storage\" for storage", subject: name)
        }
    }

    private static func text(_ secret: Secret, _ name: String) throws -> String {
        // A file that was read into the secret often ends with a line end.
        var bytes = secret.bytes
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MusterError(
                "agent_unfit", "a secret of \(name) is not UTF-8 text", hint: "store it anew: muster secret set", subject: name)
        }
        return text
    }

    /// One line of standard input. Errors never show the value.
    private static func line(_ key: String, _ value: String, _ name: String) throws -> String {
        func unfit(_ message: String, _ hint: String) -> MusterError { MusterError("agent_unfit", message, hint: hint, subject: name) }
        guard let first = key.utf8.first, (97...122).contains(first) || (65...90).contains(first),
            key.utf8.allSatisfy({ (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 45 })
        else { throw unfit("\(name) cannot have an option \(Value.string(key).json)", "options are named as in its manual: man \(name)") }
        // `option` is what agents called `action` once, and take still.
        if ["action", "option"].contains(key.lowercased()) {
            throw unfit("\(name) cannot have an option \"\(key)\": the engine alone says what it shall do", "leave it out")
        }
        if key.lowercased() == "method", value.lowercased() != "onoff" {
            throw unfit("\(name) may fence by the method \"onoff\" only: a machine that was cycled is not proven off", "leave method out")
        }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw unfit("the value of \(name)'s option \(key) has a line end or another control character", "give it in one line")
        }
        return "\(key)=\(value)\n"
    }
}
