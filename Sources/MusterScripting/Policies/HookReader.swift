import MusterCore
import MusterEngine
import MusterLua

/// Registrations of a hook file as declarations.
enum HookReader {
    /// The registrations that make hooks.
    static let names: Set<String> = ["on", "every", "decide"]

    private static func options(_ call: String) -> [String] {
        (Schema.call(call)?.parameters.compactMap(\.type.options).first ?? []).map(\.name)
    }

    /// Errors: `bad_argument` with the registration's place.
    static func declaration(_ registration: LuaRegistration, number: Int, file: String) throws(MusterError) -> HookDeclaration {
        let arguments = registration.arguments
        let place = arguments.last?.string ?? file
        let options = arguments[1].object ?? [:]
        if arguments[1].object == nil, arguments[1] != .array([]) {
            throw MusterError(
                .badArgument, "\(registration.name): the options are a table with names", hint: "{ key = \"resource\" }", place: place)
        }
        let known = Self.options(registration.name)
        for name in options.keys.sorted() where !known.contains(name) {
            var error = Refusals.option(call: registration.name, parameter: "options", name: name)
            error.place = place
            throw error
        }
        let stem = file.hasSuffix(".lua") ? String(file.dropLast(4)) : file
        let id = HookID(options["name"]?.string ?? "\(stem)#\(number)")
        var declaration = HookDeclaration(
            id: id, trigger: try trigger(registration, place), key: options["key"]?.string, retry: try retry(options, place), place: place)
        declaration.at = try timeOfDay(options["at"], declaration.trigger, place)
        declaration.policy = try policy(options["policy"], place)
        return declaration
    }

    /// `at = "02:30"`: from when the intervals of a timer count, in UTC.
    private static func timeOfDay(_ value: Value?, _ trigger: HookDeclaration.Trigger, _ place: String) throws(MusterError) -> Int64? {
        guard let value else { return nil }
        guard case .timer = trigger else {
            throw MusterError(.badArgument, "at is for timers", hint: "every(\"1d\", { at = \"02:30\" }, function() … end)", place: place)
        }
        guard let match = value.string?.wholeMatch(of: /([01]?\d|2[0-3]):([0-5]\d)/), let hours = Int64(match.1),
            let minutes = Int64(match.2)
        else {
            throw MusterError(.badArgument, "at is \(value.json), not a time of day", hint: "at = \"02:30\", in UTC", place: place)
        }
        return (hours * 60 + minutes) * 60_000
    }

    /// `policy = "scaling"`: a hook that rests until `fleet.lua` says something to this policy.
    private static func policy(_ value: Value?, _ place: String) throws(MusterError) -> String? {
        guard let value else { return nil }
        guard let name = value.string, !name.isEmpty else {
            throw MusterError(.badArgument, "policy is \(value.json), not a name", hint: "policy = \"scaling\"", place: place)
        }
        return name
    }

    /// `retry = 3, backoff = "5s"`: so many more tries after a raise, with pauses that double.
    private static func retry(_ options: Fields, _ place: String) throws(MusterError) -> HookDeclaration.Retry? {
        guard let wanted = options["retry"] else { return nil }
        guard let times = wanted.int, (0...1000).contains(times) else {
            throw MusterError(
                .badArgument, "retry is \(wanted.json), not a number of tries", hint: "retry = 3, backoff = \"5s\"", place: place)
        }
        let backoff = try duration(options["backoff"] ?? "5s", "backoff", place)
        return HookDeclaration.Retry(times: Int(times), backoff: backoff)
    }

    private static func question(_ name: String, _ place: String) throws(MusterError) -> HookDeclaration.Trigger {
        let names = Question.Name.allCases.map(\.rawValue)
        guard names.contains(name) else {
            throw MusterError(
                .badArgument, "decide: there is no question \"\(name)\"",
                hint: Spelling.nearest(name, names).map { "did you mean \"\($0)\"?" }
                    ?? "the questions are \(names.joined(separator: ", "))", place: place)
        }
        return .question(name)
    }

    private static func trigger(_ registration: LuaRegistration, _ place: String) throws(MusterError) -> HookDeclaration.Trigger {
        let subject = registration.arguments[0]
        if registration.name == "decide" { return try question(subject.string ?? "", place) }
        if registration.name == "on" { return .event(subject.string ?? "") }
        let interval = try duration(subject, "every: the interval", place)
        guard interval >= 100 else {
            throw MusterError(
                .badArgument, "every: \(subject.json) is no interval of at least 100 ms", hint: "write \"30s\" or a number of seconds",
                place: place)
        }
        return .timer(interval)
    }

    private static func duration(_ value: Value, _ what: String, _ place: String) throws(MusterError) -> Int64 {
        do {
            if let text = value.string { return try Quantity.milliseconds(text) }
        } catch let error as MusterError {
            var error = error
            error.place = place
            throw error
        } catch {
            throw MusterError(.badArgument, "\(what): \(error)", place: place)
        }
        guard let seconds = value.double, (0..<1e12).contains(seconds) else {
            throw MusterError(
                .badArgument, "\(what): \(value.json) is not a duration", hint: "write \"30s\" or a number of seconds", place: place)
        }
        return Int64((seconds * 1000).rounded())
    }
}
