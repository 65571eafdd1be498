import Foundation
import MusterCore
import MusterEngine

extension Story.Entry {
    /// What of an event's data a reader of the story needs.
    private static let told = ["server", "reason", "code", "hook", "epoch", "evidence", "why", "operator", "milliseconds", "rung"]

    /// One line of the story: seconds, what kind of thing it is, and what happened.
    public var line: String {
        var text = words
        for key in Self.told {
            guard let value = event?.data[key], !value.isNull else { continue }
            text += " \(key)=" + Self.withoutPlaces(value.string ?? value.json)
        }
        return "\(Self.seconds(at))  \(kind.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0))  \(text)"
    }

    /// Seconds with milliseconds, to the right of ten characters.
    static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1_000)
        let text = "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    /// Places in scripts change with every line above them.
    static func withoutPlaces(_ text: String) -> String {
        // Few texts have one, and most of a story's time would go into looking for it.
        text.contains(".lua:") ? text.replacing(#/[\w/.]+\.lua:\d+: /#, with: "") : text
    }
}

extension Simulation {
    /// What the machines, claims and servers are now, a line each.
    public var endLines: [String] {
        let engine = engine.engine
        let servers = (engine.serverValues.array ?? []).map { server in
            var text = "server \(server["name"].string ?? "") \(server["state"].string ?? "")"
            if let resource = server["resource"].string { text += " on \(resource) epoch \(server["epoch"].int ?? 0)" }
            if let reason = server["blocked"]["reason"].string { text += ": " + Story.Entry.withoutPlaces(reason) }
            return text
        }
        let known = (engine.resourceValues.array ?? []).reduce(into: [String: Value]()) { $0[$1["name"].string ?? ""] = $1 }
        let resources = machines.names.map { name in
            let truth = machines[name].map { $0.isFrozen ? "hangs" : $0.stage.rawValue } ?? "gone"
            return "machine \(name) \(truth), believed \(known[name]?["state"].string ?? "nothing")" + drawn(name, known[name] ?? .null)
        }
        return servers + resources + story.violations.map { "violation \($0)" }
    }

    /// What the engine knows of the draw of a machine that has a meter.
    private func drawn(_ name: String, _ known: Value) -> String {
        guard machines[name]?.controller.draws != nil else { return "" }
        if let watts = known["watts_now"].int { return ", draws \(watts) W" }
        return known["watts_idle"].int.map { ", drew \($0) W as it waited" } ?? ", was never measured"
    }

    /// The story and where it ended, for `log.expect`.
    public var log: String { Self.log(story.entries, endLines) }

    static func log(_ entries: [Story.Entry], _ end: [String]) -> String {
        (entries.map(\.line) + end.map { "       end  \($0)" }).joined(separator: "\n") + "\n"
    }

    /// Every typed event with its virtual time, and the end state of all resources, claims and servers.
    public func value() throws -> Value {
        let world = engine.engine.world
        let entries: [Value] = try story.entries.map { entry in
            var fields: Fields = ["at": .int(entry.at), "kind": .string(entry.kind.rawValue), "words": .string(entry.words)]
            fields["resource"] = entry.resource.map { .string($0) }
            fields["server"] = entry.server.map { .string($0) }
            if let event = entry.event { fields["event"] = try Value(encoding: event) }
            return .object(fields)
        }
        let truth: [Value] = machines.names.compactMap { name in
            machines[name].map {
                [
                    "name": .string(name), "stage": .string($0.stage.rawValue), "hangs": .bool($0.isFrozen),
                    "epoch": $0.epoch.map { .int($0.rawValue) } ?? .null,
                ]
            }
        }
        return [
            "milliseconds": .int(elapsed), "story": .array(entries), "machines": .array(truth),
            "resources": engine.engine.resourceValues, "servers": engine.engine.serverValues,
            "claims": .array(try world.claims.values.sorted { $0.epoch < $1.epoch }.map { try Value(encoding: $0) }),
            "violations": .array(story.violations.map { .string($0) }),
        ]
    }
}
