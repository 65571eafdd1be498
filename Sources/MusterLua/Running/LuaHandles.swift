import MusterCore

/// Source text and the name under which errors and tracebacks show it.
///
/// A name that begins with `=` marks the host's own library: its lines appear in no traceback.
public struct LuaSource: Sendable, Hashable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// Parsed source of one isolate; executed as often as wanted, each time with its own globals.
public struct LuaChunk: Sendable, Hashable {
    let number: Int32
}

/// One coroutine that Swift started in an isolate: the main strand of a run, or a branch of it.
///
/// A strand that is over or finished is gone; using it afterwards gives the error `not_found`.
public struct LuaStrand: Sendable, Hashable {
    let handle: UInt64
}

/// A function of a script, by its number in its run.
///
/// Functions given to registrations at the top level are counted 1, 2, 3 … in the order of the calls, so that the number
/// means the same function in every run of the same chunk. In values it is written `{"$function": number}`.
public struct LuaFunction: Sendable, Hashable {
    public let number: Int

    public init(number: Int) { self.number = number }

    /// The function that a value refers to, nil for any other value.
    public init?(_ value: Value) {
        guard case .object(let fields) = value, fields.count == 1, let number = fields[Self.key]?.int else { return nil }
        self.number = Int(number)
    }

    public var value: Value { .object([Self.key: .int(Int64(number))]) }

    /// The key under which a value names a function.
    public static let key = "$function"
}

/// A call of a registration function at a file's top level.
public struct LuaRegistration: Sendable, Hashable {
    public var name: String
    public var arguments: [Value]

    /// The functions among the arguments, in order.
    public var functions: [LuaFunction] { arguments.compactMap(LuaFunction.init) }
}

/// How a strand stopped executing for now.
public enum LuaOutcome: Sendable, Hashable {
    /// It called an effect and waits for `resume`.
    case yielded(name: String, arguments: [Value])
    /// Its function returned.
    case returned([Value])
    /// Its function ended with an error that it did not catch.
    case failed(MusterError)
}

/// The outcome of a start and, while there is something left to resume or call, its strand.
public struct LuaStart: Sendable, Hashable {
    public var strand: LuaStrand?
    public var outcome: LuaOutcome
}
