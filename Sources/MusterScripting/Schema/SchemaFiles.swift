import Foundation

/// The files that the schema generates: stubs for editors (LuaLS) and the reference.
public enum SchemaFiles {
    /// The command that writes them again, as the files and the tests say it.
    public static let command = "muster schema --write ."

    /// Texts by path, from the root of the sources.
    public static let all: [String: String] = [
        "docs/reference.md": Reference.text,
        "docs/events.md": Reference.events,
        "stdlib/muster/_meta/functions.lua": Stubs.functions,
        "stdlib/muster/_meta/objects.lua": Stubs.objects,
        "stdlib/muster/_meta/tables.lua": Stubs.tables,
        "stdlib/muster/_meta/events.lua": Stubs.events,
        "stdlib/muster/_meta/fleet.lua": Stubs.fleet,
        "stdlib/muster/_meta/testing.lua": Stubs.testing,
    ]

    /// Writes those that differ, below a folder, and says which.
    public static func write(below root: String) throws -> [String] {
        let changed = all.keys.sorted().filter { (try? String(contentsOfFile: root + "/" + $0, encoding: .utf8)) != all[$0] }
        for path in changed {
            let url = URL(fileURLWithPath: root + "/" + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((all[path] ?? "").utf8).write(to: url)
        }
        return changed
    }
}
