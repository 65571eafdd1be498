import MusterCore
import MusterLua

/// Registrations of a hook file as declarations.
enum HookReader {
    private static let options: Set<String> = ["key", "name"]

    /// Errors: `bad_argument` with the registration's place.
    static func declaration(_ registration: LuaRegistration, number: Int, file: String) throws(MusterError) -> HookDeclaration {
        let arguments = registration.arguments
        let place = arguments.last?.string ?? file
        let options = arguments[1].object ?? [:]
        if arguments[1].object == nil, arguments[1] != .array([]) {
            throw MusterError(.badArgument, "\(registration.name): the options are a table with names", hint: "{ key = \"resource\" }", place: place)
        }
        for name in options.keys.sorted() where !self.options.contains(name) {
            throw MusterError(
                .badArgument, "\(registration.name): there is no option \"\(name)\"",
                hint: Spelling.nearest(name, self.options).map { "did you mean \"\($0)\"?" } ?? "the options are key and name",
                place: place)
        }
        let stem = file.hasSuffix(".lua") ? String(file.dropLast(4)) : file
        let id = HookID(options["name"]?.string ?? "\(stem)#\(number)")
        return HookDeclaration(id: id, trigger: try trigger(registration, place), key: options["key"]?.string, place: place)
    }

    private static func trigger(_ registration: LuaRegistration, _ place: String) throws(MusterError) -> HookDeclaration.Trigger {
        let subject = registration.arguments[0]
        if registration.name == "on" { return .event(subject.string ?? "") }
        do {
            let seconds = subject.double ?? 0
            let interval = try subject.string.map { try Quantity.milliseconds($0) } ?? (seconds < 1e12 ? Int64(exactly: (seconds * 1000).rounded()) : nil)
            guard let interval, interval >= 100 else {
                throw MusterError(
                    .badArgument, "every: \(subject.json) is no interval of at least 100 ms", hint: "write \"30s\" or a number of seconds", place: place)
            }
            return .timer(interval)
        } catch let error as MusterError {
            var error = error
            error.place = place
            throw error
        } catch {
            throw MusterError(.badArgument, "every: \(error)", place: place)
        }
    }
}
