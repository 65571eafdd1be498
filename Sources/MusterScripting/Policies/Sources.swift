import CSodium
import Foundation
import MusterCore

/// Where Lua files are found: the operator's hooks and the standard library.
public struct SourceFolders: Sendable {
    /// `hooks/`: policies, and in `hooks/lib/` their modules.
    public var hooks: String?
    /// The folder that holds `muster/recover.lua` and its like.
    public var library: String

    public init(hooks: String?, library: String) {
        self.hooks = hooks
        self.library = library
    }

    /// The hook files, by name. Errors: `not_found` when there is no such folder.
    public func hookFiles() throws -> [String] {
        guard let hooks else { return [] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: hooks) else {
            throw MusterError(.notFound, "cannot read the hooks folder \(hooks)", hint: "name it with --hooks DIR")
        }
        return names.filter { $0.hasSuffix(".lua") && !$0.hasPrefix(".") && !Self.isTest($0) }.sorted()
    }

    /// Whether a file is a test of policies (`failover_test.lua`): `muster test` executes it, no engine does.
    public static func isTest(_ path: String) -> Bool { path.hasSuffix("_test.lua") }

    /// A hook file with everything it requires. Errors: `not_found`, with the place of the `require`.
    public func bundle(hook name: String) throws -> CodeBundle {
        let path = (hooks ?? "") + "/" + name
        return try bundle(main: name, source: try Self.read(path))
    }

    /// A script with everything it requires.
    public func bundle(main: String, source: String) throws -> CodeBundle {
        var sources = [main: source]
        var waiting = [(name: main, text: source)]
        while let next = waiting.popLast() {
            for (module, line) in Self.requires(next.text) where sources[module] == nil {
                let text = try self.module(module, requiredAt: "\(next.name):\(line)")
                sources[module] = text
                waiting.append((module, text))
            }
        }
        return CodeBundle(hash: Self.hash(main, sources), main: main, sources: sources)
    }

    private var moduleFolders: [String] { [hooks.map { $0 + "/lib" }, library].compactMap { $0 } }

    /// Where a module is; nil when it is nowhere.
    public func path(ofModule name: String) -> String? {
        let path = name.replacingOccurrences(of: ".", with: "/") + ".lua"
        return moduleFolders.map { $0 + "/" + path }.first(where: FileManager.default.fileExists(atPath:))
    }

    private func module(_ name: String, requiredAt place: String) throws -> String {
        guard let path = path(ofModule: name) else {
            throw MusterError(
                .notFound, "there is no module \"\(name)\"", hint: "looked in \(moduleFolders.joined(separator: ", "))", place: place)
        }
        return try Self.read(path)
    }

    /// A text file. Errors: `not_found`; `script_error` for what is not UTF-8.
    public static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MusterError(.notFound, "cannot read \(path)", hint: "check that the file exists and is readable")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw MusterError(.script, "\(path) is not UTF-8 text", hint: "scripts are text files", place: "\(path):1")
        }
        return text
    }

    /// The modules that a source names as `require "name"` or `require("name")`, with their lines. A name computed at run time is not
    /// found, and its `require` fails.
    static func requires(_ source: String) -> [(name: String, line: Int)] {
        var found: [(String, Int)] = []
        let pattern = /\brequire\s*\(?\s*["']([A-Za-z0-9_.\-]+)["']/
        for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            // Few lines require anything, and the pattern costs more than all else of loading a file.
            guard line.utf8.contains(UInt8(ascii: "q")) else { continue }
            let code = line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex)
            for match in code.matches(of: pattern) { found.append((String(match.1), index + 1)) }
        }
        return found
    }

    /// A content hash (BLAKE2b, 128 bits) of the file's name and of all sources by name.
    static func hash(_ main: String, _ sources: [String: String]) -> String {
        let parts = [main] + sources.keys.sorted().flatMap { [$0, sources[$0] ?? ""] }
        let bytes = parts.flatMap { part in Array("\(part.utf8.count):\(part)".utf8) }
        var digest = [UInt8](repeating: 0, count: 16)
        crypto_generichash(&digest, digest.count, bytes, UInt64(bytes.count), nil, 0)
        return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
