import MusterCore
import MusterLua

/// `needs { "power", … }`: what a hook file declares that it may touch.
enum NeedsReader {
    /// The host function by which the prelude checks the names where they are written.
    static let check: LuaHostFunction = .function("check_needs") { call throws(MusterError) in
        _ = try capabilities(call.arguments.first ?? .null)
        return []
    }

    /// The capabilities of one `needs`. Errors: `bad_argument` with the nearest right name.
    static func capabilities(_ names: Value) throws(MusterError) -> [Capability] {
        if names == .object([:]) { return [] }
        guard let names = names.array else {
            throw MusterError(.badArgument, "needs wants a list of capabilities", hint: "needs { \"power\", \"storage\" }")
        }
        var found: [Capability] = []
        for name in names {
            guard let capability = name.string.flatMap(Capability.init(rawValue:)) else {
                let nearest = name.string.flatMap { Spelling.nearest($0, Capability.names) }
                throw MusterError(
                    .badArgument, "needs: there is no capability \(name.json)",
                    hint: nearest.map { "did you mean \"\($0)\"?" } ?? "the capabilities are \(Capability.names.joined(separator: ", "))")
            }
            found.append(capability)
        }
        return found
    }

    /// All that a file declares. Errors: `bad_argument` for a `needs` of a module, whose rights are those of the hook file.
    static func all(_ registrations: [LuaRegistration], file: String) throws(MusterError) -> [Capability] {
        var declared: Set<Capability> = []
        for registration in registrations where registration.name == "needs" {
            try refuseOutside(registration, file)
            declared.formUnion(try capabilities(registration.arguments[0]))
        }
        return Capability.allCases.filter(declared.contains)
    }

    /// What concerns the whole file stands in the file itself, where its reader sees it.
    static func refuseOutside(_ registration: LuaRegistration, _ file: String) throws(MusterError) {
        let place = registration.arguments.last?.string ?? file
        guard !place.hasPrefix(file + ":") else { return }
        throw MusterError(
            .badArgument, "\(registration.name) stands in a module, and belongs in the hook file", hint: "move it to \(file)", place: place)
    }
}
