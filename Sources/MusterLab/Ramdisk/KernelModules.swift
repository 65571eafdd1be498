import MusterCore

/// The modules of a kernel, and what each of them needs.
struct KernelModules {
    /// By module name: the file below the modules folder, and the files it needs.
    private let files: [String: (path: String, needs: [String])]
    private let folder: String

    init(_ kernel: Kernel) throws(MusterError) {
        folder = kernel.modules
        var files: [String: (String, [String])] = [:]
        for line in String(decoding: try Files.read("\(folder)/modules.dep"), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            files[Self.name(of: parts[0])] = (String(parts[0]), parts[1].split(separator: " ").map(String.init))
        }
        self.files = files
    }

    /// A module's name: its file's, with `_` for `-`.
    static func name(of path: some StringProtocol) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "." }.map { $0 == "-" ? "_" : $0 })
    }

    func contains(_ name: String) -> Bool { files[name] != nil }

    /// The files of these modules and of all they need, sorted; names that the kernel does not have are left out.
    func closure(of names: [String]) -> [String] {
        var found: Set<String> = []
        for name in names {
            guard let module = files[Self.name(of: name)] else { continue }
            // modules.dep lists the needs of the needs, too.
            found.formUnion([module.path] + module.needs)
        }
        return found.sorted()
    }

    /// `modules.dep` and `modules.alias` for these files only.
    func index(of paths: [String]) throws(MusterError) -> (dependencies: String, aliases: String) {
        let names = Set(paths.map { Self.name(of: $0) })
        let dependencies = paths.map { path in
            let needs = files[Self.name(of: path)]?.needs ?? []
            return "\(path):" + needs.map { " \($0)" }.joined() + "\n"
        }
        let all = String(decoding: try Files.read("\(folder)/modules.alias"), as: UTF8.self)
        let aliases = all.split(separator: "\n").filter { line in
            line.split(separator: " ").last.map { names.contains(String($0)) } ?? false
        }
        return (dependencies.joined(), aliases.map { "\($0)\n" }.joined())
    }
}
