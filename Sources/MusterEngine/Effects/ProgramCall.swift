import MusterCore

/// The arguments of `exec`, checked: a list of words, and options.
struct ProgramCall {
    private let call: EffectCall
    private let options: Value
    private let words: [String]

    /// Errors: `bad_argument`.
    init(_ call: EffectCall) throws {
        self.call = call
        options = try call.options(at: 1, known: ["input", "timeout", "on", "repeatable"])
        words = try (call.argument(0).array ?? []).map { word in
            guard let text = word.string ?? word.int.map(String.init) ?? word.double.map({ "\($0)" }), !text.utf8.contains(0) else {
                throw MusterError(.badArgument, "exec: \(word.json) is no word for a program", hint: "words are texts and numbers")
            }
            return text
        }
        guard let program = words.first, program.hasPrefix("/") else {
            throw MusterError(
                .badArgument, "exec wants a program by its absolute path\(words.first.map { ", not \(Value.string($0).json)" } ?? "")",
                hint: "exec { \"/usr/bin/program\", \"argument\" }")
        }
        guard options["input"].isNull || options["input"].string != nil else {
            throw MusterError(.badArgument, "exec: input is \(options["input"].json), not a text", hint: "input = \"text\"")
        }
    }

    /// Errors: `not_allowed` with the setting that would allow it; `stale`, `bad_argument` for the machine.
    func request(_ engine: Engine) throws -> ProgramRequest {
        let settings = engine.world.general.settings.policies
        var request = ProgramRequest(program: words[0], arguments: Array(words.dropFirst()))
        request.input = options["input"].string
        request.timeout = try call.timeout(options)
        if options["on"].isNull {
            guard settings.allowExec.contains(words[0]) else {
                throw MusterError(
                    .notAllowed, "exec may not execute \(words[0])",
                    hint: "the operator allows it in fleet.lua: settings { allow_exec = { \"\(words[0])\" } }")
            }
        } else {
            request.remote = try remote(engine, settings)
        }
        return request
    }

    private func remote(_ engine: Engine, _ settings: PolicySettings) throws -> ProgramRequest.Remote {
        let resource = try engine.resourceForOrder(options["on"], of: call)
        guard let access = settings.execOn, access.allow.contains(words[0]) else {
            let others = settings.execOn == nil ? ", user = \"…\", key = \"…\", known_hosts = \"…\"" : ", …"
            throw MusterError(
                .notAllowed, "exec may not execute \(words[0]) on machines",
                hint: "the operator allows it in fleet.lua: settings { exec_on = { allow = { \"\(words[0])\" }\(others) } }",
                subject: resource.id.rawValue)
        }
        guard let address = resource.address else {
            throw MusterError(
                .wrongState, "\(resource.id) has no address of its own, so nothing can be executed on it",
                hint: "add address = \"…\" to host \"\(resource.id)\" in fleet.lua", subject: resource.id.rawValue)
        }
        return ProgramRequest.Remote(address: address.description, access: access)
    }
}
