import MusterCore

extension Effects {
    /// Calls that leave Muster's own world. Nothing can be read to see whether one happened, so a call in doubt asks the operator, unless
    /// it only looks or the script says that it may be repeated.
    static let outsideOrders: [(String, Effect)] = [
        (
            "http.get",
            .operation(.repeat, needs: .http) { engine, call in
                .http(try WebCall(call, optionsAt: 1).request("GET", engine.world.general.settings.policies))
            }
        ),
        (
            "http.post",
            .operation(.ask, needs: .http, repeatable: true) { engine, call in
                .http(try WebCall(call, optionsAt: 2).request("POST", engine.world.general.settings.policies))
            }
        ),
        (
            "exec",
            .operation(.ask, needs: .exec, repeatable: true) { engine, call in
                .program(try ProgramCall(call).request(engine))
            }
        ),
    ]
}

extension EffectCall {
    /// The options at an index. Errors: `bad_argument` for one that there is not, with the nearest right name.
    func options(at index: Int, known: [String]) throws -> Value {
        let options = argument(index)
        guard options.isNull || options.object != nil else {
            throw MusterError(
                .badArgument, "\(step.name): the options are a table with names", hint: "the options are \(known.joined(separator: ", "))")
        }
        for name in (options.object ?? [:]).keys.sorted() where !known.contains(name) {
            throw MusterError(
                .badArgument, "\(step.name): there is no option \"\(name)\"",
                hint: Spelling.nearest(name, known).map { "did you mean \"\($0)\"?" } ?? "the options are \(known.joined(separator: ", "))")
        }
        return options
    }

    /// Milliseconds of the option `timeout`, from 1 to an hour.
    func timeout(_ options: Value) throws -> Int64 {
        let timeout = try milliseconds(options["timeout"], default: 30_000)
        guard (1...3_600_000).contains(timeout) else {
            throw MusterError(
                .badArgument, "\(step.name): timeout is \(options["timeout"].json)", hint: "a time up to an hour: timeout = \"30s\"")
        }
        return timeout
    }
}
