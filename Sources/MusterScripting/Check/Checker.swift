import Foundation
import MusterCore
import MusterEngine
import MusterLua

/// Finds what is surely wrong in Lua files, before they are executed. Never an error where there is none.
public enum Checker {
    /// Checks files and folders, in the order given.
    ///
    /// A folder is searched for `*.lua`; its `lib` holds the modules of the files beside it. Errors: `not_found` for what cannot be read.
    public static func check(folders: SourceFolders, paths: [String], areFleets: Bool = false) async throws -> [Problem] {
        var problems: [Problem] = []
        for path in try paths.flatMap(files) {
            let text = try SourceFolders.read(path)
            // Stubs for editors are no programs.
            if text.hasPrefix("---@meta") { continue }
            if areFleets || URL(fileURLWithPath: path).lastPathComponent == "fleet.lua" {
                problems += await fleet(path, text)
            } else {
                problems += check(path, text, folders)
            }
        }
        return problems
    }

    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw MusterError(.notFound, "there is no file or folder \(path)")
        }
        guard isFolder.boolValue else { return [path] }
        let root = path.hasSuffix("/") ? String(path.dropLast()) : path
        // A link to a folder is followed when it is what was asked for.
        let place = URL(fileURLWithPath: root).resolvingSymlinksInPath().path
        let names = (FileManager.default.enumerator(atPath: place)?.compactMap { $0 as? String } ?? [])
        return names.filter { $0.hasSuffix(".lua") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }.sorted().map {
            "\(root)/\($0)"
        }
    }

    /// A hook file, module or script at a path.
    private static func check(_ path: String, _ text: String, _ folders: SourceFolders) -> [Problem] {
        // Its modules are looked for when it is executed.
        if SourceFolders.isTest(path) { return check(CodeBundle(hash: "", main: path, sources: [path: text]), .test) }
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        var parent = url.deletingLastPathComponent().path
        var isModule = (parent + "/").hasPrefix(URL(fileURLWithPath: folders.library).resolvingSymlinksInPath().path + "/")
        if let lib = parent.range(of: "/lib", options: .backwards),
            lib.upperBound == parent.endIndex || parent[lib.upperBound] == "/"
        {
            parent = String(parent[..<lib.lowerBound])
            isModule = true
        }
        let isHook = folders.hooks.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path } == parent && !isModule
        let here = SourceFolders(hooks: parent, library: folders.library)
        do {
            let bundle = try here.bundle(main: path, source: text)
            return check(bundle, isModule ? .module : isHook ? .hook : nil)
        } catch let error as MusterError {
            // A module that is not there: whatever else is wrong is said as well.
            let alone = check(CodeBundle(hash: "", main: path, sources: [path: text]), isModule ? .module : isHook ? .hook : nil)
            let source = SourceText(name: path, text: text)
            let place = error.place ?? ""
            let line = place.hasPrefix("\(path):") ? Int(place.dropFirst(path.count + 1)) ?? 1 : 1
            let missing = source.problem(
                .error, line: line, error.message + (line == 1 && !place.hasPrefix(path) ? " (\(place))" : ""), hint: error.hint)
            return (alone + [missing]).sorted { $0.line < $1.line }
        } catch {
            return []
        }
    }

    /// A hook file with its modules, as `serve` loads it.
    static func check(hook bundle: CodeBundle) -> [Problem] { check(bundle, .hook) }

    private struct File {
        var source: SourceText
        var tree: LuaTree
        var facts: FileFacts
    }

    private static func check(_ bundle: CodeBundle, _ given: FileChecker.Kind?) -> [Problem] {
        let main: File
        do throws(Wrong) { main = try parse(bundle.main, bundle.sources[bundle.main] ?? "") } catch { return [error.problem] }
        let requireAt = { (name: String) in
            main.facts.requires.first { $0.name == name }?.at ?? main.facts.requires.first?.at ?? 0
        }
        var modules: [File] = []
        for (name, text) in bundle.sources.sorted(by: { $0.key < $1.key }) where name != bundle.main {
            do throws(Wrong) {
                modules.append(try parse(name.replacingOccurrences(of: ".", with: "/") + ".lua", text))
            } catch {
                let found = error.problem
                return [
                    main.source.problem(
                        .error, at: requireAt(name), "the module \"\(name)\" is broken: \(found.message)", hint: found.place)
                ]
            }
        }
        let kind = given ?? guess(main)
        let checker = FileChecker(main.source, kind, main.facts, with: modules.map(\.facts))
        checker.check(main.tree.main)
        var uses = checker.uses.mapValues { (call: $0.call, at: $0.at, module: String?.none) }
        for module in modules {
            let others = ([main] + modules).filter { $0.source.name != module.source.name }.map(\.facts)
            let inner = FileChecker(module.source, .module, module.facts, with: others)
            inner.check(module.tree.main)
            let name = String(module.source.name.dropLast(4)).replacingOccurrences(of: "/", with: ".")
            for (capability, use) in inner.uses where uses[capability] == nil {
                uses[capability] = (use.call, requireAt(name), name)
            }
            if let first = inner.problems.first(where: { $0.severity == .error }) {
                checker.report(
                    .error, at: requireAt(name), "the module \"\(name)\" is wrong: \(first.message)", hint: first.place)
            }
        }
        if kind == .hook { needs(uses, main, modules, checker) }
        return checker.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    /// What is used and not declared.
    private static func needs(
        _ uses: [Capability: (call: String, at: Int, module: String?)], _ main: File, _ modules: [File], _ checker: FileChecker
    ) {
        var declared: Set<String> = []
        for facts in [main.facts] + modules.map(\.facts) {
            guard let needs = facts.needs else { return }
            declared.formUnion(needs)
        }
        let lacking = uses.filter { !declared.contains($0.key.rawValue) }.sorted { $0.key.rawValue < $1.key.rawValue }
        let all = declared.union(lacking.map(\.key.rawValue)).sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        for (capability, use) in lacking {
            let caller = use.module.map { "\($0) calls \(use.call), which" } ?? use.call
            checker.report(
                .error, at: use.at, "\(caller) needs \"\(capability.rawValue)\", which this file does not declare",
                hint: "write at its top: needs { \(all) }")
        }
    }

    /// What a file is that lies in no known folder.
    private static func guess(_ file: File) -> FileChecker.Kind {
        file.facts.registers ? .hook : file.facts.returnsValue ? .module : .script
    }

    // MARK: Parsing

    private struct Wrong: Error { var problem: Problem }

    private static func parse(_ name: String, _ text: String) throws(Wrong) -> File {
        let source = SourceText(name: name, text: text)
        // Lua has the last word: its compiler has limits of its own (locals, registers, nesting).
        let refused = refusal(name, text, source)
        var tree = LuaTree()
        do throws(LuaSyntaxError) {
            tree = try LuaParser.parse(source.bytes)
        } catch {
            if refused != nil { throw Wrong(problem: source.problem(.error, at: error.at, error.message, hint: error.hint)) }
        }
        if let refused { throw Wrong(problem: refused) }
        return File(source: source, tree: tree, facts: FileFacts(tree))
    }

    /// What Lua's compiler has against a text; nil when it takes it.
    static func refusal(_ name: String, _ text: String, _ source: SourceText) -> Problem? {
        var settings = LuaSettings()
        settings.placement = .inline
        settings.slice = .none
        guard let isolate = try? LuaIsolate(settings) else { return nil }
        return isolate.performInline { lua in
            do throws(MusterError) {
                lua.release(try lua.compile(LuaSource(name: name, text: text)))
                return nil
            } catch {
                let line = error.place.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) } ?? 1
                return source.problem(.error, line: line, error.message, hint: error.hint)
            }
        }
    }

    // MARK: fleet.lua

    private static func fleet(_ path: String, _ text: String) async -> [Problem] {
        let file: File
        do throws(Wrong) { file = try parse(path, text) } catch { return [error.problem] }
        let checker = FileChecker(file.source, .fleet, file.facts, with: [])
        checker.check(file.tree.main)
        if checker.problems.contains(where: { $0.severity == .error }) { return checker.problems }
        do {
            _ = try await FleetReader.read(source: text, file: path)
        } catch let error as MusterError {
            let line = error.place.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) } ?? 1
            return checker.problems + [file.source.problem(.error, line: line, error.message, hint: error.hint)]
        } catch {
            return checker.problems
        }
        return checker.problems
    }
}
