import Foundation
import MusterCore
import MusterScripting

/// Finds what `muster test` runs.
public enum TestSearch {
    /// The tests at paths, in the order given; those of a folder by their paths.
    ///
    /// - Parameter scenario: Makes the item of a folder that holds a scenario (a file `script`); nil: such folders are like others.
    /// - Throws: `not_found` for a path that is not there; `bad_argument` where nothing is found, or for a file that is no test.
    public static func items(_ paths: [String], scenario: ((String) -> any TestItem)? = nil) throws -> [any TestItem] {
        let items = try paths.flatMap { try self.items(at: $0, scenario) }
        guard !items.isEmpty else {
            throw MusterError(
                .badArgument, "there are no tests in \(paths.joined(separator: ", "))",
                hint: "tests are in files named …_test.lua" + (scenario == nil ? "" : ", scenarios in folders with a script"))
        }
        var seen: Set<String> = []
        return items.filter { seen.insert($0.path).inserted }
    }

    private static func items(at path: String, _ scenario: ((String) -> any TestItem)?) throws -> [any TestItem] {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw MusterError(.notFound, "there is no file or folder \(path)", place: path)
        }
        if isFolder.boolValue { return try items(in: path, scenario) }
        guard SourceFolders.isTest(path) else {
            throw MusterError(.badArgument, "\(path) is no test", hint: "tests are in files named …_test.lua", place: path)
        }
        return [LuaTestFile(path: path)]
    }

    private static func items(in folder: String, _ scenario: ((String) -> any TestItem)?) throws -> [any TestItem] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw MusterError(.notFound, "cannot read the folder \(folder)", hint: "check its mode", place: folder)
        }
        if let scenario, names.contains("script") { return [scenario(folder)] }
        let prefix = folder == "." ? "" : folder + "/"
        return try names.filter { !$0.hasPrefix(".") }.sorted().flatMap { name -> [any TestItem] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: prefix + name, isDirectory: &isFolder) else { return [] }
            if isFolder.boolValue { return isLink(prefix + name) ? [] : try items(in: prefix + name, scenario) }
            return SourceFolders.isTest(name) ? [LuaTestFile(path: prefix + name)] : []
        }
    }

    /// Folders are not looked for behind links: they could lead in a circle.
    private static func isLink(_ path: String) -> Bool { (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil }
}
