import MusterCore
import MusterLua

/// A test of a Lua file, with all that is said around it.
struct LuaTest {
    var name: TestName
    /// Nil for a pending one.
    var body: LuaFunction?
    /// The outer first.
    var before: [LuaFunction] = []
    /// The inner first.
    var after: [LuaFunction] = []
    /// In the order in which they were said, the outer first.
    var settings: [LuaTestSetting] = []
}

/// `fleet`, `hooks`, `sim.seed` and their like: what is set, where, and to what.
struct LuaTestSetting {
    var name: String
    var place: String
    var values: [Value]

    init(_ arguments: [Value]) {
        name = arguments.first?.string ?? ""
        place = arguments.count > 1 ? arguments[1].string ?? "" : ""
        values = Array(arguments.dropFirst(2))
    }
}

/// The tests that a file registers, from the calls at its top level.
struct LuaTestTree {
    /// A `describe`, or the file.
    private final class Group {
        var names: [String]
        var before: [LuaFunction] = []
        var after: [LuaFunction] = []
        var settings: [LuaTestSetting] = []

        init(_ names: [String]) { self.names = names }
    }

    static let words = ["describe", "end_describe", "it", "pending", "before_each", "after_each", "setting"]

    private(set) var tests: [LuaTest] = []

    /// `file:line` with the whole path.
    private static func whole(_ place: String, _ item: String) -> String { item + ":" + (place.split(separator: ":").last ?? "1") }

    init(_ registrations: [LuaRegistration], item: String) {
        var open = [Group([])]
        var found: [(groups: [Group], name: String, place: String?, body: LuaFunction?)] = []
        for registration in registrations {
            let group = open[open.count - 1]
            let text = registration.arguments.first?.string ?? ""
            switch registration.name {
            case "describe": open.append(Group(group.names + [text]))
            case "end_describe": open.removeLast()
            case "before_each": group.before += registration.functions
            case "after_each": group.after += registration.functions
            case "setting": group.settings.append(LuaTestSetting(registration.arguments))
            default: found.append((open, text, registration.arguments[1].string, registration.functions.first))
            }
        }
        // Only now: what is said below a test holds for it too.
        tests = found.map { groups, name, place, body in
            LuaTest(
                name: TestName(item: item, groups: groups.last?.names ?? [], name: name, place: place.map { Self.whole($0, item) }),
                body: body, before: groups.flatMap(\.before),
                after: groups.reversed().flatMap(\.after), settings: groups.flatMap(\.settings))
        }
    }
}
