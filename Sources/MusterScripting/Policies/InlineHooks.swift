import MusterCore
import MusterEngine

extension RunExecutor {
    /// Loads the hook files as `HookFolder` does, on the caller's thread, for policies that execute there.
    ///
    /// - Parameter warn: Told what is probably wrong in a file that loads.
    /// - Returns: Each file's code with the hooks that it registers, for `Engine.loadHooks`, by the files' names.
    public func loadInline(
        _ folders: SourceFolders, _ settings: PolicySettings, warn: (MusterError) -> Void = { _ in }
    ) throws -> [(code: CodeBundle, hooks: [HookDeclaration])] {
        let bundles = try folders.hookFiles().map(folders.bundle(hook:))
        for bundle in bundles { for problem in try HookFolder.check(bundle) { warn(problem.error(0)) } }
        return try loadInline(bundles, settings)
    }

    /// The same for files that were read and checked before.
    public func loadInline(_ bundles: [CodeBundle], _ settings: PolicySettings) throws -> [(code: CodeBundle, hooks: [HookDeclaration])] {
        var files: [String: String] = [:]
        return try bundles.map { bundle in
            let declarations = try loadInline(bundle, settings)
            for declaration in declarations {
                guard let other = files.updateValue(bundle.main, forKey: declaration.id.rawValue), other != bundle.main else { continue }
                throw MusterError(
                    .script, "a hook of \(other) is named \"\(declaration.id)\" already", hint: "give one of them another name = \"…\"",
                    place: declaration.place)
            }
            return (bundle, declarations)
        }
    }

    private func loadInline(_ bundle: CodeBundle, _ settings: PolicySettings) throws -> [HookDeclaration] {
        let trial = try Policy(limits: settings.most, place: place)
        let declarations = try trial.isolate.performInline { lua in try trial.load(bundle, in: lua) }.declarations
        try LimitsReader.refuseExcess(declarations, settings, file: bundle.main)
        let policy = try policy(bundle.main, settings.limits(of: declarations.first))
        return try policy.isolate.performInline { lua in try policy.load(bundle, in: lua) }.declarations
    }
}

extension CodeBundle {
    /// What is surely wrong in a hook file is its error, as it is when the engine loads it. Answers the warnings.
    public func checkAsHook() throws(MusterError) -> [MusterError] { try HookFolder.check(self).map { $0.error(0) } }
}
