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
        var files: [String: String] = [:]
        return try folders.hookFiles().map { name in
            let bundle = try folders.bundle(hook: name)
            for problem in try HookFolder.check(bundle) { warn(problem.error(0)) }
            let declarations = try loadInline(bundle, settings)
            for declaration in declarations {
                guard let other = files.updateValue(name, forKey: declaration.id.rawValue), other != name else { continue }
                throw MusterError(
                    .script, "a hook of \(other) is named \"\(declaration.id)\" already", hint: "give one of them another name = \"…\"",
                    place: declaration.place)
            }
            return (bundle, declarations)
        }
    }

    private func loadInline(_ bundle: CodeBundle, _ settings: PolicySettings) throws -> [HookDeclaration] {
        let trial = try Policy(limits: settings.most, place: .inline)
        let declarations = try trial.isolate.performInline { lua in try trial.load(bundle, in: lua) }.declarations
        try LimitsReader.refuseExcess(declarations, settings, file: bundle.main)
        let policy = try policy(bundle.main, settings.limits(of: declarations.first))
        return try policy.isolate.performInline { lua in try policy.load(bundle, in: lua) }.declarations
    }
}
