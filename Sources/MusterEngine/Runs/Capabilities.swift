import MusterCore

// What the code of a run declared that it may touch.
extension Engine {
    /// The error of a call that needs what the run's code did not declare; nil when it may be made.
    func refusal(of effect: Effect, _ name: String, _ run: Run) -> MusterError? {
        guard let capability = effect.needs, let declared = run.needs, !declared.contains(capability) else { return nil }
        let file = world.code[run.code]?.main ?? "the hook's file"
        return MusterError(
            .notAllowed, "\(name) needs the capability \"\(capability.rawValue)\", which \(file) does not declare",
            hint: "add needs { \"\(capability.rawValue)\" } to \(file)")
    }
}
