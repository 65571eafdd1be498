import Foundation
import MusterCore
import MusterEngine
import MusterLua
import MusterScripting
import MusterSim

/// The files that the tests of a file name, each read and checked once. Used by one thread at a time.
final class TestSources {
    let file: String
    let text: String
    private let library: String
    private var fleets: [String: FleetDeclaration] = [:]
    private var checked: Set<String> = []

    /// A hook file with its modules, and where they are, by the names under which Lua shows them.
    struct HookFile {
        var bundle: CodeBundle
        var paths: [String: String]
    }

    init(file: String, text: String, library: String) {
        self.file = file
        self.text = text
        self.library = library
    }

    private var folder: String { (file as NSString).deletingLastPathComponent }

    /// A path as the test file says it.
    private func path(_ written: String) -> String {
        if written.hasPrefix("/") { return written }
        let joined = folder.isEmpty ? written : folder + "/" + written
        return (joined as NSString).standardizingPath
    }

    /// A fleet by its file, or by its source text in the test.
    ///
    /// - Throws: `bad_fleet`, `script_error`, with the place.
    func fleet(_ setting: LuaTestSetting) throws -> FleetDeclaration {
        let written = setting.values.first?.string ?? ""
        if let known = fleets[written] { return known }
        let isText = Self.isSource(written)
        let file = isText ? self.file : path(written)
        let source = isText ? padded(written, setting.place) : try read(file, setting.place)
        do {
            let fleet = try FleetReader.readInline(source: source, file: Self.name(file))
            // Images and secrets are elsewhere.
            if let problem = fleet.problems(imageExists: { _ in true }, secretExists: { _ in true }).first { throw problem }
            fleets[written] = fleet
            return fleet
        } catch {
            throw Self.placed(error, file)
        }
    }

    /// Lua cuts long names off where it shows them, so that sources have short ones.
    static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

    /// An error with the whole path where it is in a file.
    static func placed(_ error: any Error, _ path: String) -> MusterError {
        var error = MusterError(unexpected: error)
        if let place = error.place, place.hasPrefix(name(path) + ":") { error.place = path + place.dropFirst(name(path).count) }
        return error
    }

    /// Hook files: those of a folder, those of a list, or one in the test's own text.
    ///
    /// - Throws: `not_found`, `script_error`, with the place.
    func hooks(_ setting: LuaTestSetting) throws -> [HookFile] {
        guard let value = setting.values.first else { return [] }
        let files: [HookFile]
        if let list = value.array {
            files = try list.map { try bundle(at: path($0.string ?? ""), setting.place) }
        } else if value == .object([:]) {
            files = []
        } else {
            let written = value.string ?? ""
            files = Self.isSource(written) ? [try inline(written, setting.place)] : try all(in: path(written), setting.place)
        }
        for file in files where checked.insert(file.bundle.hash).inserted { _ = try file.bundle.checkAsHook() }
        return files
    }

    private func all(in path: String, _ place: String) throws -> [HookFile] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw MusterError(.notFound, "there is no folder of hooks \(path)", hint: "paths begin at the test file's folder", place: place)
        }
        guard isFolder.boolValue else { return [try bundle(at: path, place)] }
        return try SourceFolders(hooks: path, library: library).hookFiles().map { try bundle(at: path + "/" + $0, place) }
    }

    private func bundle(at path: String, _ place: String) throws -> HookFile {
        let source = try read(path, place)
        let folders = SourceFolders(hooks: (path as NSString).deletingLastPathComponent, library: library)
        return self.file(try folders.bundle(main: Self.name(path), source: source), folders, path)
    }

    private func inline(_ text: String, _ place: String) throws -> HookFile {
        let folders = SourceFolders(hooks: folder.isEmpty ? "." : folder, library: library)
        return self.file(try folders.bundle(main: Self.name(file), source: padded(text, place)), folders, nil)
    }

    private func file(_ bundle: CodeBundle, _ folders: SourceFolders, _ path: String?) -> HookFile {
        var paths: [String: String] = [:]
        if let path { paths[bundle.main] = path }
        for module in bundle.sources.keys where module != bundle.main {
            paths[module.replacingOccurrences(of: ".", with: "/") + ".lua"] = folders.path(ofModule: module)
        }
        return HookFile(bundle: bundle, paths: paths)
    }

    /// A module that the tests themselves require: beside them, or one of the library. Nil when there is none.
    func module(_ name: String) throws(MusterError) -> (source: LuaSource, path: String)? {
        let file = name.replacingOccurrences(of: ".", with: "/") + ".lua"
        let beside = [path(file), path("lib/" + file)].first(where: FileManager.default.fileExists(atPath:))
        guard let found = beside ?? SourceFolders(hooks: nil, library: library).path(ofModule: name) else { return nil }
        do { return (LuaSource(name: file, text: try SourceFolders.read(found)), found) } catch { throw MusterError(unexpected: error) }
    }

    private func read(_ path: String, _ place: String) throws -> String {
        do { return try SourceFolders.read(path) } catch let error as MusterError {
            var placed = error
            placed.place = error.place ?? place
            placed.hint = "paths begin at the test file's folder"
            throw placed
        }
    }

    /// Text of more than a line, or that says something, is a source; the rest are paths.
    private static func isSource(_ text: String) -> Bool { text.contains("\n") || text.contains("\"") || text.contains("{") }

    /// A source in the test's text with its lines where they are in the file, so that its errors show the right ones.
    private func padded(_ source: String, _ place: String) -> String {
        let line = place.split(separator: ":").last.flatMap { Int($0) } ?? 1
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // A line end right after the bracket is not in the text.
        let isBelow = line <= lines.count && lines[line - 1].wholeMatch(of: /.*\[=*\[\s*/) != nil
        return String(repeating: "\n", count: isBelow ? line : line - 1) + source
    }
}
