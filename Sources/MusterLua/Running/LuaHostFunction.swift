import MusterCore

/// A call from a script into Swift.
public struct LuaCall: Sendable, Hashable {
    /// The strand that calls; nil in a prelude.
    public var strand: LuaStrand?
    public var arguments: [Value]
}

/// A function that the host gives to its preludes as `host.NAME` (or `host["a.name"]`).
public struct LuaHostFunction: Sendable {
    public typealias Body = @Sendable (LuaCall) throws(MusterError) -> [Value]

    enum Kind: Int32 { case function, effect, registration }

    let name: String
    let kind: Kind
    let body: Body?

    /// A function that answers at once, on the isolate's thread, and can be called anywhere.
    public static func function(_ name: String, _ body: @escaping Body) -> LuaHostFunction {
        LuaHostFunction(name: name, kind: .function, body: body)
    }

    /// An effect: calling it parks the strand, and `Lua.resume` answers it. It takes functions as references, also in arrays.
    public static func effect(_ name: String) -> LuaHostFunction {
        LuaHostFunction(name: name, kind: .effect, body: nil)
    }

    /// A registration: calling it at a file's top level notes the arguments, functions among them as references.
    public static func registration(_ name: String) -> LuaHostFunction {
        LuaHostFunction(name: name, kind: .registration, body: nil)
    }
}

/// What `require` asks for.
public struct LuaModuleRequest: Sendable, Hashable {
    public var name: String
    /// The chunk whose run requires it; modules are parsed once for each such chunk.
    public var chunk: LuaChunk
}

/// Finds the source of a module; nil when there is none.
public typealias LuaModuleLoader = @Sendable (LuaModuleRequest) throws(MusterError) -> LuaSource?
